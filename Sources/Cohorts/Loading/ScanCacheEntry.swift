import Files
import Imaging
import Tensors

/// A prepared scan in the cache's file format, version 1, little-endian:
/// magic `SCANADP1`, XXH64 of all that follows it, 32 bytes of the entry's key, rank, extents, number of notes (UInt32 each), each note as
/// length (UInt32) and UTF-8, zeros up to a multiple of 64 bytes, then Float32 values in row-major order.
struct ScanCacheEntry {
  let tensor: Tensor
  let notes: [PixelNote]

  private static let magic = Array("SCANADP1".utf8)
  private static let headerBytes = 48

  func encoded(key: ContentHash) -> [UInt8] {
    var bytes = Self.magic + [UInt8](repeating: 0, count: 8) + key.bytes
    func append(_ value: Int) { withUnsafeBytes(of: UInt32(value).littleEndian) { bytes += $0 } }
    append(tensor.shape.rank)
    for extent in tensor.shape.dimensions { append(extent) }
    append(notes.count)
    for note in notes {
      append(note.rawValue.utf8.count)
      bytes += note.rawValue.utf8
    }
    bytes += [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64)
    bytes.reserveCapacity(bytes.count + 4 * tensor.count)
    tensor.withUnsafeBuffer { bytes += UnsafeRawBufferPointer($0) }
    let sum = bytes.withUnsafeBytes { Checksum.xxh64(UnsafeRawBufferPointer(rebasing: $0[16...])) }
    withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(8..<16, with: $0) }
    return bytes
  }

  /// nil for anything but a whole entry of this key.
  init?(_ bytes: [UInt8], key: ContentHash) {
    guard bytes.count >= Self.headerBytes, bytes.starts(with: Self.magic), bytes[16..<48].elementsEqual(key.bytes) else { return nil }
    let sum = bytes.withUnsafeBytes { Checksum.xxh64(UnsafeRawBufferPointer(rebasing: $0[16...])) }
    guard bytes.withUnsafeBytes({ UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) }) == sum else { return nil }
    var offset = Self.headerBytes
    func number() -> Int? {
      guard offset + 4 <= bytes.count else { return nil }
      defer { offset += 4 }
      return bytes.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))) }
    }
    guard let rank = number(), rank <= 8 else { return nil }
    var extents: [Int] = []
    for _ in 0..<rank {
      guard let extent = number(), extent <= 1 << 20 else { return nil }
      extents.append(extent)
    }
    guard let noteCount = number(), noteCount <= 64 else { return nil }
    var notes: [PixelNote] = []
    for _ in 0..<noteCount {
      guard let length = number(), offset + length <= bytes.count else { return nil }
      guard let note = PixelNote(rawValue: String(decoding: bytes[offset..<(offset + length)], as: UTF8.self)) else { return nil }
      notes.append(note)
      offset += length
    }
    offset += (64 - offset % 64) % 64
    let shape = Shape(extents)
    guard bytes.count == offset + 4 * shape.count else { return nil }
    self.init(
      tensor: Tensor(shape: shape) { values in
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(values).copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset...])) }
      }, notes: notes)
  }

  init(tensor: Tensor, notes: [PixelNote]) {
    self.tensor = tensor
    self.notes = notes
  }
}
