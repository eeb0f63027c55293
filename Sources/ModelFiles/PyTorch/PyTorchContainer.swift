/// The two ways in which `torch.save` lays a pickle and its storages into a file.
struct PyTorchContainer {
  private(set) var tree = PickleTree()
  private(set) var root = 0
  private(set) var storages = PyTorchStorages()

  /// The ZIP format: `NAME/data.pkl`, `NAME/byteorder`, `NAME/data/KEY`.
  init(archive bytes: [UInt8]) throws(PyTorchContainerError) {
    let entries: [ZipArchive.Entry]
    do throws(ZipError) { entries = try ZipArchive(bytes).entries } catch { throw PyTorchContainerError(reason: .zip(error)) }
    let folders = Set(entries.map { $0.name.prefix { $0 != "/" } })
    guard folders.count == 1, let folder = folders.first else {
      throw PyTorchContainerError(reason: .record("top folders", expected: "one", found: "\(folders.count)"))
    }
    let ranges = Dictionary(uniqueKeysWithValues: entries.map { ($0.name.dropFirst(folder.count + 1), $0.range) })
    if ranges["constants.pkl"] != nil { throw PyTorchContainerError(reason: .torchScript) }
    guard let pickle = ranges["data.pkl"] else { throw PyTorchContainerError(reason: .missingEntry("data.pkl")) }
    if let range = ranges["byteorder"] {
      switch String(decoding: bytes[range].prefix(16), as: UTF8.self) {
      case "little": break
      case "big": storages.isBigEndian = true
      case let other: throw PyTorchContainerError(reason: .record("byte order", expected: "little or big", found: other))
      }
    }
    let end: Int
    do throws(PickleError) {
      (tree, root, end) = try InertUnpickler.read(bytes, in: pickle)
    } catch { throw PyTorchContainerError(reason: .pickle(error)) }
    guard end == pickle.upperBound else { throw PyTorchContainerError(reason: .trailingBytes(count: pickle.upperBound - end)) }
    for (name, range) in ranges where name.hasPrefix("data/") {
      storages.locations[String(name.dropFirst(5))] = PyTorchStorages.Location(offset: range.lowerBound, byteCount: range.count)
    }
  }

  /// The legacy format: five pickles (magic number, protocol, system, object, storage keys), then each storage as its number of
  /// elements in eight bytes and its values.
  init(legacy bytes: [UInt8]) throws(PyTorchContainerError) {
    if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) { throw PyTorchContainerError(reason: .tarArchive) }
    guard bytes.count > 2, bytes[0] == 0x80 else { throw PyTorchContainerError(reason: .notPyTorch) }
    var position = 0
    func next() throws(PyTorchContainerError) -> (tree: PickleTree, root: Int) {
      do throws(PickleError) {
        let (tree, root, end) = try InertUnpickler.read(bytes, in: position..<bytes.count)
        position = end
        return (tree, root)
      } catch { throw PyTorchContainerError(reason: .pickle(error)) }
    }
    let magic = try next()
    guard case .bigInteger(Self.magicNumber) = magic.tree[magic.root].kind else { throw PyTorchContainerError(reason: .notPyTorch) }
    let version = try next()
    guard version.tree.integer(version.root) == 1001 else {
      throw PyTorchContainerError(reason: .record("protocol", expected: "1001", found: version.tree.kindName(version.root)))
    }
    let system = try next()
    for (key, value) in system.tree.entries(system.root) ?? [] where system.tree.text(key) == "little_endian" {
      if case .boolean(false) = system.tree[value].kind { storages.isBigEndian = true }
    }
    (tree, root) = try next()
    let keyList = try next()
    guard case .list = keyList.tree[keyList.root].kind else {
      throw PyTorchContainerError(reason: .record("storage keys", expected: "a list", found: keyList.tree.kindName(keyList.root)))
    }
    let types = try storageTypes()
    for node in keyList.tree[keyList.root].items {
      guard let key = keyList.tree.text(node) ?? keyList.tree.integer(node).map(String.init), let type = types[key] else {
        throw PyTorchContainerError(reason: .record("storage key", expected: "one that a tensor names", found: keyList.tree.kindName(node)))
      }
      position = try addStorage(key, type, bytes, at: position)
    }
    guard position == bytes.count else { throw PyTorchContainerError(reason: .trailingBytes(count: bytes.count - position)) }
  }

  private static let magicNumber: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// The element type of each storage, gathered from everything that names one; two names may not disagree.
  private func storageTypes() throws(PyTorchContainerError) -> [String: ElementType] {
    var types: [String: ElementType] = [:]
    for index in tree.nodes.indices {
      guard case .persistent = tree[index].kind else { continue }
      let name: PyTorchStorageName
      do throws(PyTorchStorageName.Failure) {
        name = try PyTorchStorageName(tree, persistent: index)
      } catch {
        switch error {
        case .malformed:
          throw PyTorchContainerError(reason: .record("storage name", expected: "type, key and size", found: "something else"))
        case .type(let type): throw PyTorchContainerError(reason: .storageType(key: "a storage", found: type))
        }
      }
      if let other = types[name.key], other.byteCount != name.elementType.byteCount {
        throw PyTorchContainerError(
          reason: .record("storage \(name.key)", expected: "one type", found: "\(other.rawValue) and \(name.elementType.rawValue)"))
      }
      types[name.key] = name.elementType
    }
    return types
  }

  /// - Returns: the byte after the storage.
  private mutating func addStorage(
    _ key: String, _ type: ElementType, _ bytes: [UInt8], at position: Int
  ) throws(PyTorchContainerError) -> Int {
    guard bytes.count - position >= 8 else {
      throw PyTorchContainerError(reason: .storageSize(storage: key, expectedBytes: 8, foundBytes: bytes.count - position))
    }
    let digits = bytes[position..<(position + 8)]
    let raw = (storages.isBigEndian ? Array(digits) : digits.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let available = bytes.count - position - 8
    guard let count = Int(exactly: raw), count <= available / type.byteCount else {
      throw PyTorchContainerError(
        reason: .storageSize(
          storage: key, expectedBytes: Int(clamping: raw.multipliedFullWidth(by: UInt64(type.byteCount)).low), foundBytes: available))
    }
    guard storages.locations[key] == nil else {
      throw PyTorchContainerError(reason: .record("storage \(key)", expected: "one", found: "two"))
    }
    storages.locations[key] = PyTorchStorages.Location(offset: position + 8, byteCount: count * type.byteCount)
    return position + 8 + count * type.byteCount
  }
}

/// A `PyTorchFileError` that doesn't know its file yet.
struct PyTorchContainerError: Error {
  let reason: PyTorchFileError.Reason
}
