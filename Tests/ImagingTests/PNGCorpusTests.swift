import Crypto
import Foundation
import Imaging
import Testing

/// PngSuite, libpng's test files and image-png's regression files, against two other decoders' verdicts.
@Suite("PNG corpus", .enabled(if: Golden.sharedData != nil, "no ../shared/data"))
struct PNGCorpusTests {
  struct Row {
    let path: String
    let isValid: Bool
    let pillowReadsIt: Bool
    let samplesHash: String
  }

  static func rows() throws -> [Row] {
    let manifest = try #require(Golden.sharedData).appending(path: "png/manifest.csv")
    return try String(contentsOf: manifest, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst().map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return Row(path: fields[0], isValid: fields[1] == "ok", pillowReadsIt: fields[2] == "ok", samplesHash: fields.last!)
    }
  }

  /// One byte a sample up to 8 bits, two bytes big-endian for 16, as the manifest's.
  static func hash(_ image: DecodedImage) -> String {
    let bytes = image.bitDepth == 16 ? image.samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } : image.samples.map { UInt8($0) }
    return SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
  }

  @Test("Valid files decode to the other decoders' samples, damaged files give a typed error")
  func verdicts() throws {
    for row in try Self.rows() {
      let path = try #require(Golden.sharedData).appending(path: "png/\(row.path)").path
      do {
        let image = try PNGReader.decode(contentsOf: path)
        #expect(row.isValid, "\(row.path) was accepted")
        #expect(Self.hash(image) == row.samplesHash, "\(row.path)")
      } catch {
        #expect(!row.isValid, "\(error)")
      }
    }
  }
}
