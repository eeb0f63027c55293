import Foundation
import Imaging
import Testing

@Suite("Preprocessing")
struct PreprocessingTests {
  struct Prepared: Decodable {
    struct Source: Decodable {
      let width: Int
      let height: Int
      let samples: [UInt16]
    }
    let gray: Source
    let color: Source
    let imageNetGray: [Float]
    let normalizedColor: [Float]
    let luminance: [UInt16]
    let zScore: [Float]
    let percentileWindow: [Float]

    var grayImage: DecodedImage {
      DecodedImage(GrayImage(width: gray.width, height: gray.height, bitDepth: 8, samples: gray.samples))
    }
    var colorImage: DecodedImage {
      DecodedImage(width: color.width, height: color.height, bitDepth: 8, color: .rgb, samples: color.samples)
    }
  }

  let golden: Prepared

  init() throws { golden = try Golden.read("prepared", as: Prepared.self) }

  private func largestDifference(_ values: [Float], _ expected: [Float]) -> Float {
    values.count == expected.count ? zip(values, expected).map { abs($0 - $1) }.max()! : .infinity
  }

  @Test("A gray scan in a three-channel network gets torchvision's numbers, within one gray level")
  func imageNet() throws {
    let prepared = try Preprocessing.imageNet(shortestSide: 24, crop: 20).prepare(golden.grayImage)
    #expect(prepared.tensor.shape == [3, 20, 20] && prepared.notes == [.grayReplicated])
    #expect(largestDifference(prepared.tensor.values, golden.imageNetGray) <= 1 / 255 / 0.224 + 1e-5)
  }

  @Test("Without resizing, color is kept and normalized to torchvision's bits")
  func colorKept() throws {
    let preprocessing = Preprocessing(channels: 3, mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
    let prepared = try preprocessing.prepare(golden.colorImage)
    #expect(prepared.tensor.values == golden.normalizedColor && prepared.notes.isEmpty)
  }

  @Test("Intensity scalings equal numpy's")
  func scalings() throws {
    let zScore = try Preprocessing(scaling: .zScore).apply(to: golden.grayImage)
    #expect(largestDifference(zScore.values, golden.zScore) < 2e-6)
    let window = try Preprocessing(scaling: .percentileWindow(lower: 2.5, upper: 97)).apply(to: golden.grayImage)
    #expect(largestDifference(window.values, golden.percentileWindow) < 2e-6)
  }

  @Test("A constant scan has no z-score and no percentile window")
  func constant() {
    let black = DecodedImage(GrayImage(width: 4, height: 4, bitDepth: 16, samples: Array(repeating: 0, count: 16)))
    for scaling in [IntensityScaling.zScore, .percentileWindow(lower: 1, upper: 99)] {
      #expect(throws: PixelError.constantImage(value: 0, scaling: scaling)) { try Preprocessing(scaling: scaling).apply(to: black) }
    }
  }

  @Test("Color becomes gray only when asked or when its channels are equal, and it is said")
  func grayRules() throws {
    let equal = DecodedImage(width: 2, height: 1, bitDepth: 8, color: .rgb, samples: [5, 5, 5, 9, 9, 9])
    #expect(try golden.colorImage.gray(.luminance).samples == golden.luminance)
    #expect(throws: PixelError.color(channelsDiffer: true)) { try golden.colorImage.gray(.equalChannelsOnly) }
    #expect(throws: PixelError.color(channelsDiffer: false)) { try equal.gray(.refuse) }
    #expect(try equal.gray(.equalChannelsOnly).samples == [5, 9])
    #expect(try Preprocessing().prepare(equal).notes == [.equalChannelsMerged])
    #expect(try Preprocessing(grayConversion: .luminance).prepare(golden.colorImage).notes == [.luminanceTaken])
  }

  @Test("Opaque alpha is dropped and said; other transparency is refused unless asked")
  func alphaRules() throws {
    let opaque = DecodedImage(width: 2, height: 1, bitDepth: 8, color: .grayAlpha, samples: [5, 255, 9, 255])
    let partial = DecodedImage(width: 2, height: 1, bitDepth: 8, color: .grayAlpha, samples: [5, 255, 9, 254])
    let keyed = DecodedImage(width: 2, height: 1, bitDepth: 8, color: .gray, samples: [5, 9], transparentKey: [9])
    let unusedKey = DecodedImage(width: 2, height: 1, bitDepth: 8, color: .gray, samples: [5, 9], transparentKey: [8])
    for image in [opaque, unusedKey] {
      #expect(try image.gray(.refuse).samples == [5, 9])
      #expect(try Preprocessing().prepare(image).notes == [.opaqueAlphaDropped])
    }
    for image in [partial, keyed] {
      #expect(throws: PixelError.transparency) { try image.gray(.refuse) }
      #expect(try Preprocessing(alphaRule: .discard).prepare(image).notes == [.alphaDiscarded])
    }
  }

  @Test("A palette is expanded to its 8-bit colors; an index without an entry is refused")
  func palettes() throws {
    let gray = DecodedImage.PaletteEntry(red: 10, green: 10, blue: 10, alpha: 255)
    let light = DecodedImage.PaletteEntry(red: 200, green: 200, blue: 200, alpha: 255)
    let image = DecodedImage(width: 3, height: 1, bitDepth: 2, color: .palette, samples: [1, 0, 1], palette: [gray, light])
    let expanded = try image.gray(.equalChannelsOnly)
    #expect(expanded.samples == [200, 10, 200] && expanded.bitDepth == 8)
    let outside = DecodedImage(width: 3, height: 1, bitDepth: 2, color: .palette, samples: [1, 0, 2], palette: [gray, light])
    #expect(throws: PixelError.paletteIndexOutOfRange(index: 2, entries: 2)) { try outside.gray(.equalChannelsOnly) }
  }
}
