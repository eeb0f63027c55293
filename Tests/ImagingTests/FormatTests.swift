import Foundation
import Imaging
import Testing

@Suite("PNG formats")
struct FormatTests {
  @Test("All 15 color type and depth pairs, interlaced or not, give the samples that were put in")
  func everyFormat() throws {
    let formats = try Golden.read("formats", as: [GoldenFormat].self)
    #expect(formats.count == 30)
    for format in formats {
      let image = try PNGReader.decode(bytes: Array(format.png))
      #expect(image.color.rawValue == format.color && image.bitDepth == format.depth && image.isInterlaced == format.interlaced)
      #expect(image.width == format.width && image.height == format.height && image.samples == format.samples)
      #expect(image.palette.flatMap { [$0.red, $0.green, $0.blue] } == format.palette)
      #expect(image.palette.prefix(format.alpha.count).map(\.alpha) == format.alpha)
      #expect(image.palette.dropFirst(format.alpha.count).allSatisfy { $0.alpha == 255 })
      #expect(image.transparentKey ?? [] == format.key)
    }
  }

  @Test(
    "What the writer writes, the reader reads, and twice the same bytes",
    arguments: [(1, 1, 8), (7, 5, 16), (64, 3, 8), (300, 20, 16)])
  func roundTrip(width: Int, height: Int, bitDepth: Int) throws {
    let samples = (0..<(width * height)).map { UInt16(truncatingIfNeeded: $0 &* 40503) >> (16 - bitDepth) }
    let image = GrayImage(width: width, height: height, bitDepth: bitDepth, samples: samples)
    let bytes = PNGWriter.encode(image)
    #expect(try PNGReader.decode(bytes: bytes) == DecodedImage(image))
    #expect(bytes == PNGWriter.encode(image))
  }

  @Test("Sixteen-bit scans of the shared set keep sixteen bits", .enabled(if: Golden.sharedData != nil, "no ../shared/data"))
  func sixteenBits() throws {
    let folder = try #require(Golden.sharedData).appending(path: "grey16")
    let manifest = try String(contentsOf: folder.appending(path: "manifest.csv"), encoding: .utf8)
    let rows = manifest.split(whereSeparator: \.isNewline).dropFirst()
    for row in rows {
      // path,patient,scanner,label,source,w,h,min,max,offset_added; labels may hold commas inside quotes, the ends never do
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      let (low, high) = (String(fields[fields.count - 3]), String(fields[fields.count - 2]))
      let image = try PNGReader.decode(contentsOf: folder.appending(path: String(fields[0])).path)
      #expect(image.bitDepth == 16, "\(fields[0])")
      // Two mammograms have no measured range.
      guard let low = Int(low), let high = Int(high) else { continue }
      #expect(image.samples.min().map(Int.init) == low && image.samples.max().map(Int.init) == high, "\(fields[0])")
    }
    #expect(rows.count == 137)
  }
}
