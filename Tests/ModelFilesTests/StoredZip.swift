/// A ZIP archive of stored entries, put together byte by byte, with places to lie in.
struct StoredZip {
  var entries: [(name: String, data: [UInt8])]
  var method = 0
  var localName: String?
  var localSize: Int?

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in entries {
      let offset = bytes.count
      let local = localName ?? name
      let size = localSize ?? data.count
      bytes += number(0x0403_4B50, 4) + number(20, 2) + number(0, 2) + number(method, 2) + number(0, 8) + number(size, 4) + number(size, 4)
      bytes += number(local.utf8.count, 2) + number(0, 2) + Array(local.utf8) + data
      directory += number(0x0201_4B50, 4) + number(20, 2) + number(20, 2) + number(0, 2) + number(method, 2) + number(0, 8)
      directory += number(data.count, 4) + number(data.count, 4) + number(name.utf8.count, 2) + number(0, 2) + number(0, 2) + number(0, 8)
      directory += number(offset, 4) + Array(name.utf8)
    }
    let start = bytes.count
    bytes += directory + number(0x0605_4B50, 4) + number(0, 4) + number(entries.count, 2) + number(entries.count, 2)
    return bytes + number(directory.count, 4) + number(start, 4) + number(0, 2)
  }

  private func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

/// Pickle opcodes, put together.
enum Pickle {
  static func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  static func tuple(_ items: [UInt8]...) -> [UInt8] { [0x28] + items.joined() + [0x74] }
  /// `{key: value}`
  static func dictionary(_ key: String, _ value: [UInt8]) -> [UInt8] { [0x7D] + text(key) + value + [0x73] }

  static func storage(_ key: String, count: Int, type: String = "FloatStorage") -> [UInt8] {
    tuple(text("storage"), global("torch", type), text(key), text("cpu"), integer(count)) + [0x51]
  }

  static func tensor(_ storage: [UInt8], offset: Int = 0, size: [Int], stride: [Int]) -> [UInt8] {
    let sizes = [0x28] + size.flatMap(integer) + [0x74]
    let strides = [0x28] + stride.flatMap(integer) + [0x74]
    return global("torch._utils", "_rebuild_tensor_v2") + tuple(storage, integer(offset), sizes, strides, [0x89], [0x4E]) + [0x52]
  }

  /// A ZIP file of `torch.save` with this object and storage "0" of so many bytes.
  static func file(_ object: [UInt8], storageBytes: Int = 16, stop: Bool = true) -> [UInt8] {
    StoredZip(entries: [
      ("m/data.pkl", [0x80, 2] + object + (stop ? [0x2E] : [])), ("m/data/0", [UInt8](repeating: 0, count: storageBytes)),
    ]).bytes
  }
}
