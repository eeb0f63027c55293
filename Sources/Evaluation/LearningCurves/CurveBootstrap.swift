import RandomStreams

/// Intervals for learning curves from resampling test patients and draws of training subsets together.
///
/// A resample weighs every test patient by how often it was drawn (one less than there are, as Rao and Wu, "Resampling inference with
/// complex survey data", JASA 1988, so that few don't vary too little) and, within each fold, the draws of nested subsets likewise. All
/// strategies and sizes see the same resamples, so differences, crossings and gains are paired.
///
/// Subsets of one cohort share patients and so vary less than training sets of other patients would. What they don't show is put back by
/// enlarging each draw's deviation (`SubsetOverlap`), as Nadeau and Bengio do for folds ("Inference for the generalization error", Machine
/// Learning 2003).
public struct CurveBootstrap: Hashable, Codable, Sendable {
  public var seed: UInt64
  public var resamples: Int
  public var level: Double
  /// With fewer patients a comparison says so instead of answering.
  public var minimumPatients: Int
  /// What an error can be at most, 1 for a share of mistakes; nil for one without a bound. None is below 0. The intervals of points and
  /// of fitted curves are clipped to that. Differences, crossings and gains come from unclipped resamples: clipping both sides would hide
  /// how uncertain they are.
  public var largestError: Double?

  public init(
    seed: UInt64, resamples: Int = 1000, level: Double = 0.95, minimumPatients: Int = 20, largestError: Double? = nil
  ) {
    precondition(resamples >= 2 && level > 0 && level < 1, "\(resamples) resamples at level \(level)")
    self.seed = seed
    self.resamples = resamples
    self.level = level
    self.minimumPatients = minimumPatients
    self.largestError = largestError
  }

  func possible(_ error: Double) -> Double { min(max(error, 0), largestError ?? .infinity) }

  /// Every curve of the measurements, under the same resamples.
  public func curves(of measurements: CurveMeasurements) -> ResampledCurves {
    var resampler = CurveResampler(measurements)
    let value = resampler.errors
    var resampled: [[Double]] = []
    for resample in 0..<resamples {
      var stream = RandomStream(seed: seed, purpose: "curve bootstrap", epoch: resample)
      resampled.append(resampler.resampled(using: &stream))
    }
    return ResampledCurves(measurements: measurements, bootstrap: self, value: value, resampled: resampled)
  }
}

/// The errors of all cells under weights of patients and draws.
struct CurveResampler {
  private let measurements: CurveMeasurements
  /// By cell.
  private let enlargement: [Double]
  private var patientWeights: [Double]

  init(_ measurements: CurveMeasurements) {
    self.measurements = measurements
    let overlap = SubsetOverlap(measurements)
    enlargement = measurements.cells.map { overlap.enlargement(size: $0.size) }
    patientWeights = measurements.patients.map { _ in 1 }
  }

  /// As measured: every patient and draw once.
  var errors: [Double] { weighted(drawWeights: measurements.folds.map { [Double](repeating: 1 / Double($0.draws), count: $0.draws) }) }

  mutating func resampled(using stream: inout RandomStream) -> [Double] {
    Self.draw(into: &patientWeights, using: &stream)
    var drawWeights: [[Double]] = []
    for fold in measurements.folds {
      var weights = [Double](repeating: 1, count: fold.draws)
      Self.draw(into: &weights, using: &stream)
      let total = weights.reduce(0, +)
      drawWeights.append(weights.map { $0 / total })
    }
    return weighted(drawWeights: drawWeights)
  }

  /// One fewer than there are, with replacement; a single one stays.
  private static func draw(into weights: inout [Double], using stream: inout RandomStream) {
    guard weights.count > 1 else {
      weights[0] = 1
      return
    }
    for index in weights.indices { weights[index] = 0 }
    for _ in 1..<weights.count { weights[Int.random(in: 0..<weights.count, using: &stream)] += 1 }
  }

  /// - Parameter drawWeights: by fold; they sum to 1.
  private func weighted(drawWeights: [[Double]]) -> [Double] {
    let groups = measurements.groupCount
    var sums = [Double](repeating: 0, count: enlargement.count * groups)
    var totals = [Double](repeating: 0, count: groups)
    for (fold, ofDraws) in zip(measurements.folds, drawWeights) {
      for entry in fold.patients.indices { totals[fold.groups[entry]] += patientWeights[fold.patients[entry]] * fold.weights[entry] }
      let even = 1 / Double(fold.draws)
      for cell in enlargement.indices {
        for (draw, losses) in fold.losses[cell].enumerated() {
          let factor = even + enlargement[cell] * (ofDraws[draw] - even)
          for (entry, loss) in losses.enumerated() {
            sums[cell * groups + fold.groups[entry]] += factor * patientWeights[fold.patients[entry]] * loss
          }
        }
      }
    }
    // A class that nobody in the resample has takes no part, as in scikit-learn's balanced accuracy.
    let present = totals.indices.filter { totals[$0] > 0 }
    return enlargement.indices.map { cell in
      present.reduce(0) { $0 + sums[cell * groups + $1] / totals[$1] } / Double(present.count)
    }
  }
}
