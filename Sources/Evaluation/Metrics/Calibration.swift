/// How bins of a calibration error are laid.
public enum CalibrationBinning: String, Hashable, Codable, Sendable {
  /// (0, 1/n], (1/n, 2/n], …
  case equalWidth = "equal_width"
  /// Between quantiles of the confidences, so that bins hold equally many scans as far as ties allow.
  case equalMass = "equal_mass"

  /// The upper edges of all bins but the last. A value on an edge belongs to the bin below it.
  func innerEdges(_ values: [Double], count: Int) -> [Double] {
    switch self {
    case .equalWidth: return (1..<count).map { Double($0) / Double(count) }
    case .equalMass:
      let sorted = values.sorted()
      // Scans lie on edges wherever the number of scans less one divides by the bins: the roundings are NumPy's, so that the bins are.
      return sorted.isEmpty ? [] : (1..<count).map { quantile(sorted, Double($0) * (1 / Double(count)) * 100 / 100) }
    }
  }
}

/// The bin of each value: the number of inner edges below it.
func bins(of values: [Double], innerEdges: [Double]) -> [Int] {
  values.map { value in
    var low = 0
    var high = innerEdges.count
    while low < high {
      let middle = (low + high) / 2
      if innerEdges[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Linear interpolation between order statistics, as NumPy's default.
func quantile(_ sorted: [Double], _ share: Double) -> Double {
  let position = share * Double(sorted.count - 1)
  let lower = Int(position.rounded(.down))
  let upper = min(lower + 1, sorted.count - 1)
  let share = position - Double(lower)
  let gap = sorted[upper] - sorted[lower]
  return share < 0.5 ? sorted[lower] + gap * share : sorted[upper] - gap * (1 - share)
}

/// Confidence (the largest probability) less correctness, added up by bin. Bins are laid on all scans once, whatever their weights.
struct ConfidenceGaps: Sendable {
  private let cells: PatientCells

  init(_ labelled: [Prediction], binning: CalibrationBinning, count: Int, patients: [Int]) {
    precondition(count > 0, "\(count) bins")
    let confidence = labelled.map { $0.probabilities[$0.decision] }
    let gaps = zip(labelled, confidence).map { ($0.decision == $0.label ? 1 : 0) - $1 }
    cells = PatientCells(
      cells: bins(of: confidence, innerEdges: binning.innerEdges(confidence, count: count)), values: gaps, patients: patients,
      cellCount: count)
  }

  func error(weights: [Double]) -> Double? {
    let (gaps, scans) = cells.sums(weights: weights)
    return scans > 0 ? gaps.reduce(0) { $0 + abs($1) } / scans : nil
  }
}
