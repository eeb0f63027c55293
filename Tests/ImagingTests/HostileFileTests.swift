import Foundation
import Imaging
import Testing

@Suite("Hostile PNG files")
struct HostileFileTests {
  /// A palette image with tRNS and text, so that most kinds of chunk are there to be damaged; and an interlaced 16-bit one.
  static func victims() throws -> [[UInt8]] {
    let formats = try Golden.read("formats", as: [GoldenFormat].self)
    return formats.filter { ($0.color == 3 && $0.depth == 2 && $0.interlaced) || ($0.color == 6 && $0.depth == 16) }.map { Array($0.png) }
  }

  @Test("A file cut at any byte is an error")
  func truncation() throws {
    for bytes in try Self.victims() {
      for length in 0..<bytes.count {
        #expect(throws: PNGError.self, "\(length) of \(bytes.count) bytes") { try PNGReader.decode(bytes: Array(bytes[..<length])) }
      }
    }
  }

  @Test("No flipped bit goes unnoticed")
  func bitFlips() throws {
    for bytes in try Self.victims() {
      for bit in 0..<(8 * bytes.count) {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(throws: PNGError.self, "bit \(bit)") { try PNGReader.decode(bytes: damaged) }
      }
    }
  }

  @Test("With checksums repaired, a flipped bit gives an error or an image, never a crash")
  func bitFlipsBehindTheChecksum() throws {
    for bytes in try Self.victims() {
      for bit in 64..<(8 * bytes.count) {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let repaired = repairingChecksums(damaged) else { continue }
        do {
          let image = try PNGReader.decode(bytes: repaired, limits: PNGLimits(side: 64))
          #expect(image.samples.count == image.width * image.height * image.color.channels)
          #expect(try image == PNGReader.decode(bytes: repaired, limits: PNGLimits(side: 64, inflatedBytes: 0)), "bit \(bit)")
          for rule in GrayConversion.allCases {
            // Either outcome will do; it must not trap.
            _ = try? Preprocessing(grayConversion: rule, alphaRule: .discard, resize: .exact(width: 3, height: 4)).apply(to: image)
          }
        } catch {}
      }
    }
  }

  /// nil when the chunk lengths no longer lead through the file.
  private func repairingChecksums(_ bytes: [UInt8]) -> [UInt8]? {
    var result = bytes
    var position = 8
    while position < bytes.count {
      guard position + 12 <= bytes.count else { return nil }
      let length = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      let end = position + 8 + length
      guard length < bytes.count, end + 4 <= bytes.count else { return nil }
      let sum = PNGChunk.checksum(bytes[(position + 4)..<end])
      for index in 0..<4 { result[end + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index)) }
      position = end + 4
    }
    return result
  }

  @Test("Bytes after the end of the image, and images over the limits, are told apart")
  func limits() throws {
    let image = GrayImage(width: 40, height: 30, bitDepth: 8, samples: Array(repeating: 7, count: 1200))
    let bytes = PNGWriter.encode(image)
    #expect(try PNGReader.decode(bytes: bytes + [1, 2, 3]) == DecodedImage(image))
    for limits in [PNGLimits(side: 39), PNGLimits(pixels: 1199)] {
      let expected = PNGError(reason: .tooLarge(width: 40, height: 30, limits: limits))
      #expect(throws: expected) { try PNGReader.decode(bytes: bytes, limits: limits) }
    }
    #expect(throws: Never.self) { try PNGReader.decode(bytes: bytes, limits: PNGLimits(side: 40, pixels: 1200)) }
  }

  @Test("A header that announces more than the limits costs nothing")
  func decompressionBomb() throws {
    var header = Array(PNGWriter.encode(GrayImage(width: 1, height: 1, bitDepth: 8, samples: [0])))
    header.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    let bomb = try #require(repairingChecksums(header))
    #expect(throws: PNGError.self) { try PNGReader.decode(bytes: bomb) }
  }
}
