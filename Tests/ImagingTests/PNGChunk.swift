/// A chunk of a PNG file, to be moved, cut and put together anew.
struct PNGChunk {
  let kind: String
  var data: [UInt8]

  /// The chunks of a file that is whole.
  static func all(of file: [UInt8]) -> [PNGChunk] {
    var chunks: [PNGChunk] = []
    var position = 8
    while position < file.count {
      let length = file[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      let start = position + 8
      chunks.append(
        PNGChunk(kind: String(decoding: file[(position + 4)..<start], as: UTF8.self), data: Array(file[start..<(start + length)])))
      position = start + length + 4
    }
    return chunks
  }

  static func file(_ chunks: [PNGChunk]) -> [UInt8] {
    chunks.reduce([137, 80, 78, 71, 13, 10, 26, 10]) { file, chunk in
      let named = Array(chunk.kind.utf8) + chunk.data
      return file + word(UInt32(chunk.data.count)) + named + word(checksum(named[...]))
    }
  }

  /// CRC-32 by its definition.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { word, _ in word & 1 == 1 ? word >> 1 ^ 0xEDB8_8320 : word >> 1 }
    }
  }

  private static func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) } }
}
