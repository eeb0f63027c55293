import Evaluation
import Foundation
import RandomStreams
import Testing

@Suite("Bias and variance")
struct BiasVarianceTests {
  /// Two classes: p of class 1 is 0.6 for everybody, plus normal noise of the draw; labels are 1 for seven of ten.
  static func predictions(scans: Int, subsets: Int, spread: Double, seed: UInt64) -> [RepeatedPrediction] {
    var stream = RandomStream(seed: seed, purpose: "test")
    return (0..<scans).map { scan in
      let probabilities = (0..<subsets).map { _ in
        let p = 0.6 + spread * stream.normal()
        return [1 - p, p]
      }
      return RepeatedPrediction(scan: "\(scan)", patient: "\(scan / 2)", label: scan % 10 < 7 ? 1 : 0, probabilities: probabilities)
    }
  }

  @Test("Bias² and variance add up to the average Brier score exactly")
  func identity() throws {
    let predictions = Self.predictions(scans: 40, subsets: 3, spread: 0.1, seed: 1)
    let parts = try #require(BiasVariance(predictions, seed: 1))
    var sum = 0.0
    for prediction in predictions {
      for p in prediction.probabilities {
        sum += (0..<2).reduce(0.0) { $0 + pow(p[$1] - ($1 == prediction.label ? 1 : 0), 2) } / 3
      }
    }
    #expect(abs(parts.brier - sum / 40) < 1e-12 && abs(parts.bias + parts.variance - sum / 40) < 1e-12)
    #expect(parts.patients == 20 && parts.subsets == 3)
  }

  @Test("Two subsets are enough for no bias in either part, over many scans")
  func unbiased() throws {
    let parts = try #require(BiasVariance(Self.predictions(scans: 4000, subsets: 2, spread: 0.1, seed: 2), seed: 1, resamples: 200))
    // Each class: variance 0.01; bias² 0.7 * 0.16 + 0.3 * 0.36.
    #expect(abs(parts.variance - 0.02) < 0.0015)
    #expect(abs(parts.bias - 2 * (0.7 * 0.16 + 0.3 * 0.36)) < 0.01)
    #expect(parts.varianceInterval.contains(0.02) && parts.biasInterval.contains(0.44))
  }

  @Test("One subset shows no variance, so there is no answer")
  func single() {
    #expect(BiasVariance(Self.predictions(scans: 40, subsets: 1, spread: 0.1, seed: 1), seed: 1) == nil)
  }
}
