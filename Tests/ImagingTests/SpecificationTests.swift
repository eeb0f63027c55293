import Foundation
import Imaging
import Testing

@Suite("The preprocessing line")
struct SpecificationTests {
  static let examples: [Preprocessing] = [
    Preprocessing(), .imageNet(),
    Preprocessing(
      grayConversion: .luminance, alphaRule: .discard, resize: .exact(width: 96, height: 64), filter: .area, scaling: .zScore,
      mean: [-0.5], standardDeviation: [0.1]),
    Preprocessing(grayConversion: .refuse, scaling: .percentileWindow(lower: 0.5, upper: 99.5)),
    Preprocessing(scaling: .window(low: -1000, high: 400.25)),
  ]

  @Test("Every preprocessing is read back from its own line and from JSON", arguments: examples)
  func roundTrip(_ preprocessing: Preprocessing) throws {
    #expect(try Preprocessing(specification: preprocessing.description) == preprocessing)
    #expect(try JSONDecoder().decode(Preprocessing.self, from: JSONEncoder().encode(preprocessing)) == preprocessing)
  }

  @Test("The line is stable: caches and cards depend on it")
  func stable() throws {
    let line =
      "gray=equal alpha=opaque resize=256 filter=bilinear crop=224x224 scale=unit channels=3 mean=0.485,0.456,0.406 std=0.229,0.224,0.225"
    #expect(Preprocessing.imageNet().description == line)
    #expect(Set(Self.examples.map(\.cacheKey)).count == Self.examples.count)
  }

  @Test("Presets can be changed word by word, and one number serves all channels")
  func presets() throws {
    #expect(try Preprocessing(specification: "imagenet") == .imageNet())
    #expect(try Preprocessing(specification: "imagenet resize=160 crop=128") == .imageNet(shortestSide: 160, crop: 128))
    #expect(try Preprocessing(specification: "imagenet224") == Preprocessing(specification: "imagenet resize=none"))
    #expect(try Preprocessing(specification: "cifar10") == Preprocessing(specification: "imagenet resize=none crop=32"))
    let half = try Preprocessing(specification: "channels=3 mean=0.5 std=0.25 crop=none")
    #expect(half.mean == [0.5, 0.5, 0.5] && half.standardDeviation == [0.25, 0.25, 0.25] && half.centerCrop == nil)
  }

  @Test(
    "A word that cannot be meant is an error naming it",
    arguments: [
      "", "imagnet", "resize=0", "resize=-3", "resize=16385", "resize=3x", "crop=9999999999999999999", "size=3", "channels=2", "std=0",
      "mean=nan", "mean=1,2", "scale=window:3,3", "scale=percentile:50,101", "scale=unit:1", "gray=yes", "resize=3 resize=3",
      "imagenet channels=1", "filter=cubic", "resize", "mean=", "alpha=",
    ])
  func errors(_ line: String) {
    #expect(throws: PreprocessingSyntaxError.self) { try Preprocessing(specification: line) }
  }
}
