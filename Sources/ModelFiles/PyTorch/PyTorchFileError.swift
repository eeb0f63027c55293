/// What is wrong with a file that `torch.save` should have written.
public struct PyTorchFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case notPyTorch
    /// PyTorch before 0.1.10 wrote tar files.
    case tarArchive
    case torchScript
    case zip(ZipError)
    case pickle(PickleError)
    /// An archive's entry is missing.
    case missingEntry(String)
    /// A record of the file has an unexpected value: a magic number, a version, a byte order.
    case record(String, expected: String, found: String)
    case missingStorage(key: String, storage: String)
    /// A storage isn't as long as it says.
    case storageSize(storage: String, expectedBytes: Int, foundBytes: Int)
    case storageType(key: String, found: String)
    case malformedTensor(key: String, expected: String)
    /// A tensor reaches past its storage.
    case outOfStorage(key: String, shape: [Int], strides: [Int], offset: Int, elements: Int)
    case trailingBytes(count: Int)
  }

  public let file: String
  public let reason: Reason

  public init(file: String, reason: Reason) {
    self.file = file
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .notPyTorch: "\(file): not a PyTorch file; expected a ZIP archive or a pickle written by torch.save"
    case .tarArchive: "\(file): found a tar archive of PyTorch before 0.1.10; load and save it again with a newer PyTorch"
    case .torchScript: "\(file): found a TorchScript archive; expected torch.save(model.state_dict(), …)"
    case .zip(let error): "\(file): \(error)"
    case .pickle(let error): "\(file): \(error)"
    case .missingEntry(let name): "\(file): the archive lacks '\(name)'"
    case .record(let what, let expected, let found): "\(file): found \(what) \(found); expected \(expected)"
    case .missingStorage(let key, let storage): "\(file): the values of '\(key)' (storage \(storage)) are missing"
    case .storageSize(let storage, let expected, let found): "\(file): storage \(storage) has \(found) bytes; expected \(expected)"
    case .storageType(let key, let found): "\(file): '\(key)' has storage type \(found), which is not supported"
    case .malformedTensor(let key, let expected): "\(file): the tensor '\(key)' is malformed; expected \(expected)"
    case .outOfStorage(let key, let shape, let strides, let offset, let elements):
      "\(file): '\(key)' with shape \(shape), strides \(strides) and offset \(offset) reaches past its storage of \(elements) values"
    case .trailingBytes(let count): "\(file): found \(count) bytes after the last storage; expected the end of the file"
    }
  }
}
