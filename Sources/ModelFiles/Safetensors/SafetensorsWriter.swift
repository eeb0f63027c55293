import Files
import Tensors

/// Encodes named tensors as a safetensors file that PyTorch's `safetensors.torch.load_file` reads.
///
/// Int64 tensors come first so that every tensor is aligned to its element; within each format the given order is kept, so equal
/// input gives equal bytes.
public struct SafetensorsWriter: Sendable {
  private var metadata: [(String, String)] = []
  private var integers: [(key: String, value: Int64)] = []
  private var tensors: [(key: String, tensor: Tensor)] = []

  public init(metadata: [(String, String)]) { self.metadata = metadata }

  /// Adds a Float32 tensor. Keys must differ.
  public mutating func add(_ tensor: Tensor, as key: String) { tensors.append((key, tensor)) }

  /// Adds an Int64 scalar, as PyTorch's `num_batches_tracked`.
  public mutating func add(_ value: Int64, as key: String) { integers.append((key, value)) }

  /// - Throws: `FileError`.
  public func write(to path: String) throws(FileError) {
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      try file.append(header())
      for (_, value) in integers { try file.append(withUnsafeBytes(of: value.littleEndian) { Array($0) }) }
      for (_, tensor) in tensors {
        try tensor.withUnsafeBuffer { (values) throws(FileError) in try file.append(UnsafeRawBufferPointer(values)) }
      }
    }
  }

  /// The whole file in memory.
  public func encoded() -> [UInt8] {
    var bytes = header()
    for (_, value) in integers { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    for (_, tensor) in tensors { tensor.withUnsafeBuffer { bytes += UnsafeRawBufferPointer($0) } }
    return bytes
  }

  /// Length and JSON, padded with spaces to a multiple of eight as the reference implementation's.
  private func header() -> [UInt8] {
    precondition(Set(integers.map(\.key) + tensors.map(\.key)).count == integers.count + tensors.count, "a key is written twice")
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.map { "\(StrictJSON.quoted($0)):\(StrictJSON.quoted($1))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    func append(_ key: String, _ type: ElementType, _ shape: Shape) {
      let end = offset + shape.count * type.byteCount
      let extents = shape.dimensions.map(String.init).joined(separator: ",")
      members.append(
        "\(StrictJSON.quoted(key)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(extents)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    for (key, _) in integers { append(key, .int64, []) }
    for (key, tensor) in tensors { append(key, .float32, tensor.shape) }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }
}
