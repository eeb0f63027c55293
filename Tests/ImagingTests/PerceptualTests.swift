import Foundation
import Imaging
import RandomStreams
import Testing

@Suite("What scans are recognized by")
struct PerceptualTests {
  private func image(_ depth: Int, width: Int = 40, height: Int = 32, seed: UInt64 = 1) -> GrayImage {
    var random = RandomStream(seed: seed, purpose: "image")
    let full = UInt64(1 << depth)
    return GrayImage(
      width: width, height: height, bitDepth: depth, samples: (0..<(width * height)).map { _ in UInt16(random.next() % full) })
  }

  @Test("Comparable bytes are equal for the same pixels in other formats, and differ for a changed pixel, another shape, or other 16 bits")
  func comparableBytes() {
    let gray = image(8)
    let same = DecodedImage(gray).comparableBytes()
    let samples = gray.samples
    func decoded(_ depth: Int, _ color: DecodedImage.Color, _ samples: [UInt16], palette: [DecodedImage.PaletteEntry] = []) -> [UInt8] {
      DecodedImage(width: 40, height: 32, bitDepth: depth, color: color, samples: samples, palette: palette).comparableBytes()
    }
    #expect(decoded(16, .gray, samples.map { $0 * 257 }) == same)
    #expect(decoded(8, .rgb, samples.flatMap { [$0, $0, $0] }) == same)
    #expect(decoded(8, .rgbAlpha, samples.flatMap { [$0, $0, $0, 255] }) == same)
    #expect(decoded(8, .grayAlpha, samples.flatMap { [$0, 255] }) == same)
    let palette = (0...255).map { DecodedImage.PaletteEntry(red: UInt8($0), green: UInt8($0), blue: UInt8($0), alpha: 255) }
    #expect(decoded(8, .palette, samples, palette: palette) == same)
    let coarse = image(4)
    #expect(DecodedImage(coarse).comparableBytes() == decoded(8, .gray, coarse.samples.map { $0 * 17 }))

    var changed = samples
    changed[77] ^= 1
    #expect(decoded(8, .gray, changed) != same)
    #expect(DecodedImage(width: 32, height: 40, bitDepth: 8, color: .gray, samples: samples).comparableBytes() != same)
    #expect(decoded(16, .gray, samples.map { $0 * 257 + ($0 < 255 ? 1 : 0) }) != same)
    #expect(decoded(8, .grayAlpha, samples.flatMap { [$0, 254] }) != same)
    #expect(decoded(8, .rgb, samples.flatMap { [$0, $0, $0 ^ 1] }) != same)
  }

  @Test("Ranks don't change with any increasing map of the samples, and inversion gives their negative")
  func ranks() {
    let image = image(16, width: 32, height: 32)
    let ranks = RankThumbnail(image, side: 32).values
    func mapped(_ map: (Double) -> Double) -> [Float] {
      let samples = image.samples.map { UInt16((map(Double($0) / 65535) * 65535).rounded()) }
      return RankThumbnail(GrayImage(width: 32, height: 32, bitDepth: 16, samples: samples), side: 32).values
    }
    #expect(zip(mapped { 0.3 + 0.5 * $0 }, ranks).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(zip(mapped { $0.squareRoot() }, ranks).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(zip(mapped { 1 - $0 }, ranks).allSatisfy { abs($0 + $1) < 1e-6 })
    #expect(abs(ranks.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
  }

  /// By the definition, in Double.
  private func spectrum(_ values: [Float]) -> [Double] {
    let side = 32
    let window = (0..<side).map { 0.5 - 0.5 * cos(2 * .pi * Double($0 + 1) / 33) }
    let weights = (0..<(side * side)).map { window[$0 / side] * window[$0 % side] }
    let mean = zip(weights, values).reduce(0) { $0 + $1.0 * Double($1.1) } / weights.reduce(0, +)
    let field = zip(weights, values).map { $0 * (Double($1) - mean) }
    func magnitude(_ u: Int, _ v: Int) -> Double {
      var (re, im) = (0.0, 0.0)
      for y in 0..<side {
        for x in 0..<side {
          let angle = 2 * .pi * Double(u * x + v * y) / Double(side)
          re += field[y * side + x] * cos(angle)
          im -= field[y * side + x] * sin(angle)
        }
      }
      return log((re * re + im * im).squareRoot() + 1e-3)
    }
    return (0..<9).flatMap { v in (0..<9).compactMap { u in u + v == 0 ? nil : (magnitude(u, v) + magnitude(u, -v)) / 2 } }
  }

  @Test("The descriptor is the windowed Fourier magnitude by its definition")
  func descriptor() {
    let thumbnail = RankThumbnail(image(8, width: 32, height: 32), side: 32)
    let found = SpectralDescriptor.values(of: thumbnail)
    let expected = spectrum(thumbnail.values)
    #expect(found.count == 80 && zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-3 })
  }

  @Test("The best match finds flip, shift and polarity")
  func match() {
    let side = 32
    let big = RankThumbnail(image(16, width: 64, height: 64), side: 64).bandPassed(fine: 1, coarse: 4)
    func window(_ x: Int, _ y: Int) -> [Float] { (0..<(side * side)).map { big[($0 / side + y) * 64 + $0 % side + x] } }
    let second = window(10, 10)
    let first = window(8, 11)
    let flipped = (0..<(side * side)).map { -first[$0 / side * side + side - 1 - $0 % side] }
    let match = BandMatch.best(flipped, second, side: side, reach: 2)
    #expect(match.flipsAcross && !match.flipsDown && match.isInverted && match.shift == SIMD2(2, -1))
    #expect(match.correlation > 0.999)
    let other = RankThumbnail(image(16, width: 32, height: 32, seed: 9), side: 32).bandPassed(fine: 1, coarse: 4)
    #expect(BandMatch.best(other, second, side: side, reach: 2).correlation < 0.5)
  }

  @Test("A survey tells range, saturation, common values and constant edges")
  func survey() {
    let samples = (0..<200).map { index -> UInt16 in
      let (x, y) = (index % 20, index / 20)
      return x < 2 || y == 9 ? 0 : x >= 15 ? 4095 : UInt16(100 + index)
    }
    let gray = GrayImage(width: 20, height: 10, bitDepth: 16, samples: samples)
    let survey = SampleSurvey(DecodedImage(gray), gray: gray)
    let border = survey.border
    #expect(border.left == 2 && border.right == 0 && border.top == 0 && border.bottom == 1)
    #expect(abs(survey.borderShare - (1 - 18.0 * 9 / 200)) < 1e-12)
    #expect(survey.maximum == 4095 && survey.bitsInUse == 12 && survey.minimum == 0 && !survey.isConstant)
    #expect(survey.shareAtMaximum == 45.0 / 200 && survey.shareOfCommonest == 45.0 / 200)
  }
}
