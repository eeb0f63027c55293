import Evaluation
import Foundation
import RandomStreams

/// Simulated cohorts whose true metrics are known: unbalanced classes, one to four scans a patient, scans of a patient alike.
///
/// A scan's score is `(label - 1/2) (separation + gain) + effect of the patient + noise`, both normal; a probability is its logistic.
struct CoverageCohort: Sendable {
  var patients: Int
  var positiveShare: Double
  var separation = 1.3
  var spread = 1.0
  /// The share of patients whose scans have labels of their own.
  var mixed = 0.0
  /// 1 makes one fold.
  var folds = 1

  var positives: Int { max(2, Int((Double(patients) * positiveShare).rounded())) }

  struct Sample {
    let source: HeldOutPredictions
    let better: HeldOutPredictions
    let equal: HeldOutPredictions
  }

  static let gain = 0.5

  func sample(_ seed: UInt64) -> Sample {
    var stream = RandomStream(seed: seed, purpose: "coverage cohort")
    var sides = [[[Prediction]]](repeating: [[Prediction]](repeating: [], count: folds), count: 3)
    for patient in 0..<patients {
      let effect = spread * stream.normal()
      let isMixed = stream.uniform() < mixed
      for scan in 0..<Int.random(in: 1...4, using: &stream) {
        let label = isMixed ? Int.random(in: 0...1, using: &stream) : patient < positives ? 1 : 0
        for (side, gain) in [0, Self.gain, 0].enumerated() {
          let score = (Double(label) - 0.5) * (separation + gain) + effect + stream.normal()
          let probability = 1 / (1 + exp(-score))
          sides[side][patient % folds].append(
            Prediction(
              scan: "\(patient)-\(scan)", patient: "\(patient)", scanner: "A", label: label, probabilities: [1 - probability, probability]))
        }
      }
    }
    return Sample(
      source: HeldOutPredictions(folds: sides[0]), better: HeldOutPredictions(folds: sides[1]), equal: HeldOutPredictions(folds: sides[2]))
  }

  /// By the normal distribution, or by numerical integration over it.
  func truth(_ metric: Metric, gain: Double = 0) -> Double {
    let distance = separation + gain
    let deviation = (1 + spread * spread).squareRoot()
    let right = NormalDistribution.cumulative(distance / 2 / deviation)
    let prevalence = (1 - mixed) * Double(positives) / Double(patients) + mixed / 2
    func expected(_ value: (_ score: Double, _ label: Int) -> Double) -> Double {
      var sum = 0.0
      for step in -4000..<4000 {
        let z = (Double(step) + 0.5) / 500
        let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot() / 500
        sum += density * (prevalence * value(z * deviation + distance / 2, 1) + (1 - prevalence) * value(z * deviation - distance / 2, 0))
      }
      return sum
    }
    switch metric {
    case .auroc: return NormalDistribution.cumulative(distance / (2.0.squareRoot() * deviation))
    case .brier: return expected { score, label in pow(1 / (1 + exp(-score)) - Double(label), 2) }
    case .logLoss: return expected { score, label in log(1 + exp(label == 1 ? -score : score)) }
    case .f1: return 2 * prevalence * right / (prevalence * right + (1 - prevalence) * (1 - right) + prevalence)
    case .matthewsCorrelation:
      let decided = prevalence * right + (1 - prevalence) * (1 - right)
      return (2 * right - 1) * (prevalence * (1 - prevalence)).squareRoot() / (decided * (1 - decided)).squareRoot()
    case .kappa:
      let decided = prevalence * right + (1 - prevalence) * (1 - right)
      let chance = prevalence * decided + (1 - prevalence) * (1 - decided)
      return (right - chance) / (1 - chance)
    case .averagePrecision:
      // Mean over positives of the precision at their score.
      var sum = 0.0
      for step in -4000..<4000 {
        let z = (Double(step) + 0.5) / 500
        let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot() / 500
        let recall = NormalDistribution.cumulative(-z)
        let alarm = NormalDistribution.cumulative(-z - distance / deviation)
        sum += density * prevalence * recall / (prevalence * recall + (1 - prevalence) * alarm)
      }
      return sum
    default: return right
    }
  }
}
