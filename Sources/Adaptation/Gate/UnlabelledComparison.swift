import Evaluation
import Foundation

/// What two models' predictions on the same unlabelled scans show: how often they agree and how sure each is. It proves nothing about
/// which is right; it shows a collapse (one class for everything) or an adaptation that changes nothing.
public struct UnlabelledComparison: Hashable, Codable, Sendable {
  public let patients: Int
  public let scans: Int
  /// The share of scans with the same decision.
  public let agreement: Double
  /// Mean entropy of the probabilities over `ln(classes)`: 0 sure, 1 uniform.
  public let referenceEntropy: Double
  public let candidateEntropy: Double
  /// The share of scans decided for each class, by index.
  public let referenceShares: [Double]
  public let candidateShares: [Double]

  /// - Throws: `GateError` where the two don't pair or are empty.
  init(candidate: [[Prediction]], reference: [[Prediction]]) throws(GateError) {
    let candidate = candidate.flatMap(\.self)
    let known = Dictionary(reference.joined().map { ($0.scan, $0) }, uniquingKeysWith: { first, _ in first })
    guard let first = candidate.first, first.probabilities.count > 1 else { throw .noPredictions }
    var pairs: [(Prediction, Prediction)] = []
    for prediction in candidate {
      guard let other = known[prediction.scan] else { throw .unpaired(scan: prediction.scan) }
      guard other.probabilities.count == prediction.probabilities.count else { throw .unpaired(scan: prediction.scan) }
      pairs.append((prediction, other))
    }
    let count = Double(pairs.count)
    let classes = first.probabilities.count
    patients = Set(candidate.map(\.patient)).count
    scans = pairs.count
    agreement = Double(pairs.count { $0.decision == $1.decision }) / count
    candidateEntropy = pairs.map { $0.0.normalizedEntropy }.reduce(0, +) / count
    referenceEntropy = pairs.map { $0.1.normalizedEntropy }.reduce(0, +) / count
    candidateShares = (0..<classes).map { index in Double(pairs.count { $0.0.decision == index }) / count }
    referenceShares = (0..<classes).map { index in Double(pairs.count { $0.1.decision == index }) / count }
  }
}

extension Prediction {
  /// `-sum p ln p / ln(classes)`, with `0 ln 0 = 0`: 0 sure, 1 uniform.
  var normalizedEntropy: Double {
    probabilities.reduce(0.0) { $0 - ($1 > 0 ? $1 * log($1) : 0) } / log(Double(probabilities.count))
  }
}

/// Predictions that the gate can't compare.
public enum GateError: Error, Hashable, Sendable, CustomStringConvertible {
  case noPredictions
  /// A scan that the other model has no prediction of, or one over other classes.
  case unpaired(scan: String)

  public var description: String {
    switch self {
    case .noPredictions: "found no held-out prediction to judge by; expected at least one, over two or more classes"
    case .unpaired(let scan): "'\(scan)': found a prediction of only one of the two models, or over other classes; expected one of each"
    }
  }
}
