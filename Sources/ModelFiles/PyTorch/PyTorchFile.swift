import Files
import Tensors

/// A file that `torch.save` wrote, in the ZIP format (since 1.6) or the legacy one, read without running any of it.
///
/// What it says is kept as an inert tree; tensors are windows into the file's bytes, made only for the names that are asked for.
struct PyTorchFile {
  let file: String
  let tree: PickleTree
  let root: Int
  private let bytes: [UInt8]
  private let storages: PyTorchStorages

  /// - Throws: `FileError` or `PyTorchFileError`.
  init(contentsOf path: String, limitBytes: Int = 8 << 30) throws {
    try self.init(bytes: try FileContents.read(path, limitBytes: limitBytes), file: path)
  }

  init(bytes: [UInt8], file: String) throws(PyTorchFileError) {
    do throws(PyTorchContainerError) {
      let container = ZipArchive.isArchive(bytes) ? try PyTorchContainer(archive: bytes) : try PyTorchContainer(legacy: bytes)
      self.file = file
      self.bytes = bytes
      tree = container.tree
      root = container.root
      storages = container.storages
    } catch {
      throw PyTorchFileError(file: file, reason: error.reason)
    }
  }

  /// The tensor that a node describes; nil for a node that describes something else.
  /// - Parameter key: what errors call it.
  func tensor(at node: Int, key: String) throws(PyTorchFileError) -> StoredTensor? {
    guard let call = tree.call(node) else { return nil }
    switch call.function {
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      // A parameter wraps a tensor, never another parameter.
      guard let inner = call.arguments.first, let wrapped = tree.call(inner), wrapped.function.hasPrefix("torch._utils._rebuild_tensor")
      else {
        throw failure(.malformedTensor(key: key, expected: "a parameter around a tensor"))
      }
      return try rebuilt(wrapped, key)
    case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor": return try rebuilt(call, key)
    default: return nil
    }
  }

  /// `(storage, offset, size, stride, …)`, checked against the storage.
  private func rebuilt(_ call: (function: String, arguments: [Int]), _ key: String) throws(PyTorchFileError) -> StoredTensor {
    guard ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"].contains(call.function), call.arguments.count >= 4,
      let offset = tree.integer(call.arguments[1]), let shape = tree.integers(call.arguments[2]),
      let strides = tree.integers(call.arguments[3]), shape.count == strides.count, shape.count <= 16, offset >= 0,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
    else { throw failure(.malformedTensor(key: key, expected: "a storage, an offset, a size and strides")) }
    let name: PyTorchStorageName
    do throws(PyTorchStorageName.Failure) {
      name = try PyTorchStorageName(tree, persistent: call.arguments[0])
    } catch {
      switch error {
      case .malformed: throw failure(.malformedTensor(key: key, expected: "a storage's type, key and size"))
      case .type(let type): throw failure(.storageType(key: key, found: type))
      }
    }
    guard let location = storages.locations[name.key] else { throw failure(.missingStorage(key: key, storage: name.key)) }
    let (needed, overflow) = name.count.multipliedReportingOverflow(by: name.elementType.byteCount)
    guard !overflow, needed == location.byteCount else {
      throw failure(.storageSize(storage: name.key, expectedBytes: overflow ? .max : needed, foundBytes: location.byteCount))
    }
    let first = offset &+ name.viewOffset
    guard Self.fits(shape, strides, offset: first, in: name.count) else {
      throw failure(.outOfStorage(key: key, shape: shape, strides: strides, offset: first, elements: name.count))
    }
    return StoredTensor(
      shape: Shape(shape), elementType: name.elementType, bytes: bytes, offset: location.offset + first * name.elementType.byteCount,
      strides: strides, isBigEndian: storages.isBigEndian)
  }

  /// Whether every element lies in the storage, and there are no more of them than the storage has: an expanded tensor would be a way
  /// to ask for any amount of memory.
  private static func fits(_ shape: [Int], _ strides: [Int], offset: Int, in count: Int) -> Bool {
    guard offset >= 0, offset <= count else { return false }
    var elements = 1
    for extent in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: extent)
      guard !overflow else { return false }
      elements = product
    }
    guard elements > 0 else { return true }
    guard elements <= count else { return false }
    var last = offset
    for (extent, stride) in zip(shape, strides) {
      let (span, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      guard !overflow, span < count else { return false }
      last += span
    }
    return last < count
  }

  private func failure(_ reason: PyTorchFileError.Reason) -> PyTorchFileError { PyTorchFileError(file: file, reason: reason) }
}
