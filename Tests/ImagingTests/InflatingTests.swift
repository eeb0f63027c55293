import Foundation
import Imaging
import Testing

/// Image data inflated in one go beside the same data inflated by zlib, row by row, inside libpng.
@Suite("Inflating image data in one go")
struct InflatingTests {
  private static func outcome(_ bytes: [UInt8], inflatedBytes: Int) -> (result: Result<DecodedImage, PNGError>, atOnce: Bool) {
    var atOnce = false
    let result = Result { () throws(PNGError) in
      try PNGReader.decode(bytes: bytes, limits: PNGLimits(inflatedBytes: inflatedBytes), inflatedAtOnce: &atOnce)
    }
    return (result, atOnce)
  }

  /// - Parameters:
  ///   - atOnce: whether the data are beyond doubt, so that libdeflate has them where it may.
  ///   - isRead: whether there is an image in the end.
  private static func expectSame(_ bytes: [UInt8], _ what: String, atOnce: Bool, isRead: Bool) {
    let (fast, slow) = (outcome(bytes, inflatedBytes: 64 << 20), outcome(bytes, inflatedBytes: 0))
    #expect(fast.result == slow.result, "\(what)")
    #expect(fast.atOnce == atOnce && !slow.atOnce, "\(what)")
    #expect(((try? slow.result.get()) != nil) == isRead, "\(what): \(slow.result)")
  }

  /// A gray image of several deflate blocks when stored: 300 x 120 of 16 bits.
  private static func scan() -> (image: GrayImage, file: [UInt8]) {
    let samples = (0..<36_000).map { UInt16(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 19) }
    let image = GrayImage(width: 300, height: 120, bitDepth: 16, samples: samples)
    return (image, PNGWriter.encode(image))
  }

  private static func imageData(_ file: [UInt8]) -> (before: [PNGChunk], stream: [UInt8], after: [PNGChunk]) {
    let chunks = PNGChunk.all(of: file)
    let data = chunks.filter { $0.kind == "IDAT" }
    let first = chunks.firstIndex { $0.kind == "IDAT" }!
    return (Array(chunks[..<first]), data.flatMap(\.data), Array(chunks[(first + data.count)...]))
  }

  private static func file(_ parts: (before: [PNGChunk], stream: [UInt8], after: [PNGChunk]), cutAt cuts: [Int]) -> [UInt8] {
    let edges = [0] + cuts + [parts.stream.count]
    let data = zip(edges, edges.dropFirst()).map { PNGChunk(kind: "IDAT", data: Array(parts.stream[$0..<$1])) }
    return PNGChunk.file(parts.before + data + parts.after)
  }

  @Test("Every color type, depth and interlacing gives the same samples")
  func formats() throws {
    for format in try Golden.read("formats", as: [GoldenFormat].self) {
      Self.expectSame(Array(format.png), "\(format.color) \(format.depth) \(format.interlaced)", atOnce: true, isRead: true)
    }
  }

  @Test("However the stream is cut into chunks, empty ones too, the samples are those encoded")
  func cuts() throws {
    let (image, bytes) = Self.scan()
    let parts = Self.imageData(bytes)
    for cuts in [[], [1], [0, 0, 2, 2, 3], [parts.stream.count - 2], Array(stride(from: 7, to: parts.stream.count, by: 8_191))] {
      let file = Self.file(parts, cutAt: cuts)
      #expect(try PNGReader.decode(bytes: file) == DecodedImage(image), "\(cuts.count) cuts")
      Self.expectSame(file, "\(cuts.count) cuts", atOnce: true, isRead: true)
    }
  }

  @Test("A stream that is short, long, followed by more, or wrong in its checksum fares as it does with zlib")
  func doubtfulStreams() throws {
    let (_, bytes) = Self.scan()
    let parts = Self.imageData(bytes)
    func with(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
      var stream = parts.stream
      change(&stream)
      return Self.file((parts.before, stream, parts.after), cutAt: [100])
    }
    for length in [0, 1, 2, 6, 1000, parts.stream.count - 5, parts.stream.count - 1] {
      let file = PNGChunk.file(parts.before + [PNGChunk(kind: "IDAT", data: Array(parts.stream[..<length]))] + parts.after)
      Self.expectSame(file, "\(length) bytes of the stream", atOnce: false, isRead: false)
    }
    Self.expectSame(with { $0 += [0, 1, 2] }, "bytes after the stream", atOnce: false, isRead: false)
    Self.expectSame(with { $0[$0.count - 1] ^= 1 }, "a wrong Adler-32", atOnce: false, isRead: false)
    Self.expectSame(
      with {
        $0[0] = 0x18
        $0[1] = 0x19
      }, "a window smaller than the image", atOnce: false, isRead: false)
    var header = parts.before
    for rows in [UInt8(0), 1, 2, 40] {
      header[0].data[6...7] = [rows, 7]
      Self.expectSame(
        Self.file((header, parts.stream, parts.after), cutAt: []), "\(Int(rows) * 256 + 7) rows announced", atOnce: false, isRead: false)
    }
  }

  @Test("Image data with another chunk between, or without an end, fares as it does with zlib")
  func doubtfulChunks() throws {
    let parts = Self.imageData(Self.scan().file)
    let halves = [Array(parts.stream[..<500]), Array(parts.stream[500...])].map { PNGChunk(kind: "IDAT", data: $0) }
    for between in ["teXt", "tEXt", "IEND", "ABCD", "PLTE"] {
      let file = PNGChunk.file(parts.before + [halves[0], PNGChunk(kind: between, data: []), halves[1]] + parts.after)
      Self.expectSame(file, "\(between) between", atOnce: false, isRead: false)
    }
    Self.expectSame(PNGChunk.file(parts.before + halves), "no end", atOnce: false, isRead: false)
    Self.expectSame(PNGChunk.file(parts.before + parts.after), "no image data", atOnce: false, isRead: false)
    Self.expectSame(
      PNGChunk.file(parts.before + halves + [PNGChunk(kind: "ABCD", data: [])] + parts.after), "an unknown chunk behind the image data",
      atOnce: true, isRead: true)
    Self.expectSame(PNGChunk.file(halves + parts.before + parts.after), "image data before the header", atOnce: false, isRead: false)
  }
}
