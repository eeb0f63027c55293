/// Probabilities against what came true, by bins: what a reliability diagram shows.
public struct ReliabilityCurve: Hashable, Codable, Sendable {
  /// What is held against what.
  public enum Quantity: Hashable, Codable, Sendable {
    /// The largest probability, against the share of right decisions: what calibration errors are made of.
    case confidence
    /// The probability of a class, against the share of scans that have it.
    case probability(of: Int)
  }

  public struct Bin: Hashable, Codable, Sendable {
    /// The bin holds values in (lower, upper].
    public let lower: Double
    public let upper: Double
    public let scans: Int
    public let patients: Int
    /// The mean probability; absent for an empty bin.
    public let predicted: Double?
    /// The share that came true.
    public let observed: Double?
    /// Wilson's with the design effect of patients; absent with fewer than two patients.
    public let interval: Interval?
  }

  public let quantity: Quantity
  public let binning: CalibrationBinning
  public let bins: [Bin]

  /// Over the labelled predictions.
  public init(
    _ predictions: [Prediction], of quantity: Quantity = .confidence, binning: CalibrationBinning = .equalWidth, bins count: Int = 15,
    level: Double = 0.95
  ) {
    precondition(count > 0, "\(count) bins")
    let labelled = predictions.filter { $0.label != nil }
    let values = labelled.map { quantity.value(of: $0) }
    let edges = binning.innerEdges(values, count: count)
    var members = [[Int]](repeating: [], count: count)
    for (scan, bin) in Evaluation.bins(of: values, innerEdges: edges).enumerated() { members[bin].append(scan) }
    let limits = edges.isEmpty && count > 1 ? [Double](repeating: 0, count: count - 1) : edges
    let ends = [0] + limits + [1]
    self.quantity = quantity
    self.binning = binning
    bins = members.enumerated().map { index, scans in
      var counts: [String: (true: Double, all: Double)] = [:]
      for scan in scans {
        let prediction = labelled[scan]
        counts[prediction.patient, default: (0, 0)].all += 1
        if quantity.cameTrue(prediction) { counts[prediction.patient]!.true += 1 }
      }
      let patients = counts.keys.sorted()
      let share = ClusteredProportion(counts: patients.map { counts[$0]!.true }, scans: patients.map { counts[$0]!.all })
      return Bin(
        lower: ends[index], upper: ends[index + 1], scans: scans.count, patients: patients.count,
        predicted: scans.isEmpty ? nil : scans.reduce(0) { $0 + values[$1] } / Double(scans.count), observed: share?.value,
        interval: share?.interval(level: level))
    }
  }
}

extension ReliabilityCurve.Quantity {
  fileprivate func value(of prediction: Prediction) -> Double {
    switch self {
    case .confidence: prediction.probabilities[prediction.decision]
    case .probability(let index): prediction.probabilities[index]
    }
  }

  fileprivate func cameTrue(_ prediction: Prediction) -> Bool {
    switch self {
    case .confidence: prediction.decision == prediction.label
    case .probability(let index): prediction.label == index
    }
  }
}
