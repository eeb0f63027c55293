import Evaluation
import Foundation
import RandomStreams
import Testing

@Suite("Corrected resampled t")
struct FoldComparisonTests {
  /// Differences of accuracy, fold by fold, of two nearest-mean classifiers that see features of their own, equally telling.
  private func differences(seed: UInt64, patients: Int, folds: Int, repetitions: Int) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: "equal classifiers")
    let labels = (0..<patients).map { $0 % 2 }
    let features = labels.map { label in (0..<2).map { _ in Double(label) + stream.normal() } }
    return (0..<repetitions).flatMap { _ in
      let order = labels.indices.shuffled(using: &stream)
      return (0..<folds).map { fold in
        let test = order.indices.filter { $0 % folds == fold }.map { order[$0] }
        let training = order.indices.filter { $0 % folds != fold }.map { order[$0] }
        func accuracy(_ feature: Int) -> Double {
          func mean(_ label: Int) -> Double {
            let members = training.filter { labels[$0] == label }
            return members.reduce(0) { $0 + features[$1][feature] } / Double(members.count)
          }
          let means = (mean(0), mean(1))
          let right = test.count { scan in
            let isNearer = abs(features[scan][feature] - means.1) < abs(features[scan][feature] - means.0)
            return isNearer == (labels[scan] == 1)
          }
          return Double(right) / Double(test.count)
        }
        return accuracy(0) - accuracy(1)
      }
    }
  }

  @Test(
    "Over ten repetitions of five folds equal classifiers differ 'significantly' at most 8 times in 100; by the plain t test far more often"
  )
  func typeOne() throws {
    let cohorts = 400
    var corrected = 0
    var plain = 0
    for seed in 0..<UInt64(cohorts) {
      let differences = differences(seed: seed, patients: 60, folds: 5, repetitions: 10)
      let test = try #require(FoldComparison(differences: differences, testShare: 1.0 / 4))
      let naive = try #require(FoldComparison(differences: differences, testShare: 0))
      if test.pValue < 0.05 { corrected += 1 }
      if naive.pValue < 0.05 { plain += 1 }
    }
    print("type I of the corrected resampled t \(Double(corrected) / Double(cohorts)), of the plain t \(Double(plain) / Double(cohorts))")
    #expect(corrected <= cohorts * 8 / 100)
    #expect(plain > cohorts * 20 / 100)
  }
}
