/// A storage as a pickle names it: `('storage', torch.FloatStorage, key, location, count[, view])`. The location (CPU, which GPU) is
/// where it was, and doesn't matter.
struct PyTorchStorageName {
  let elementType: ElementType
  let key: String
  /// In elements.
  let count: Int
  /// The first element that the name means; the legacy format could name a part of a storage.
  let viewOffset: Int

  enum Failure: Error {
    case malformed
    case type(String)
  }

  init(_ tree: PickleTree, persistent node: Int) throws(Failure) {
    guard case .persistent(let id) = tree[node].kind, let parts = tree.tuple(id), parts.count >= 5, tree.text(parts[0]) == "storage",
      case .global(let typeName) = tree[parts[1]].kind, let key = tree.text(parts[2]) ?? tree.integer(parts[2]).map(String.init),
      let count = tree.integer(parts[4]), count >= 0
    else { throw .malformed }
    guard let elementType = Self.elementTypes[typeName] else { throw .type(typeName) }
    self.elementType = elementType
    self.key = key
    self.count = count
    guard parts.count > 5, tree.tuple(parts[5]) != nil else {
      viewOffset = 0
      return
    }
    // (key, offset, count) of the part within the storage of `count` elements.
    guard let view = tree.tuple(parts[5]), view.count == 3, let offset = tree.integer(view[1]), let size = tree.integer(view[2]),
      offset >= 0, size >= 0, size <= count, offset <= count - size
    else { throw .malformed }
    viewOffset = offset
  }

  private static let elementTypes: [String: ElementType] = {
    let names: [(String, ElementType)] = [
      ("DoubleStorage", .float64), ("FloatStorage", .float32), ("HalfStorage", .float16), ("BFloat16Storage", .bfloat16),
      ("LongStorage", .int64), ("IntStorage", .int32), ("ShortStorage", .int16), ("CharStorage", .int8), ("ByteStorage", .uint8),
      ("BoolStorage", .boolean),
    ]
    var types: [String: ElementType] = [:]
    for (name, type) in names { for module in ["torch", "torch.cuda", "torch.storage"] { types["\(module).\(name)"] = type } }
    return types
  }()
}

/// Where the storages' bytes lie in the file.
struct PyTorchStorages {
  struct Location {
    let offset: Int
    let byteCount: Int
  }

  var locations: [String: Location] = [:]
  var isBigEndian = false
}
