/// What a number counts.
public enum EvaluationUnit: String, Hashable, Codable, Sendable, CaseIterable {
  /// Each scan is scored; intervals still resample whole patients.
  case scan
  /// Each patient is scored once, by the mean of their scans' probabilities.
  case patient

  public var sentence: String {
    switch self {
    case .scan: "scans are scored; intervals are by patient"
    case .patient: "patients are scored, each by the mean probability of their labelled scans"
    }
  }

  /// One fold's predictions by this unit.
  ///
  /// A patient whose labelled scans bear different labels has no label, and so no score; patients without a labelled scan stay unlabelled.
  public func applied(to predictions: [Prediction]) -> [Prediction] {
    guard self == .patient else { return predictions }
    var members: [String: [Prediction]] = [:]
    for prediction in predictions { members[prediction.patient, default: []].append(prediction) }
    return members.keys.sorted().map { Self.patient($0, members[$0]!) }
  }

  /// Patients that `applied(to:)` leaves without a label because their scans disagree.
  public func ambiguousPatients(in predictions: [Prediction]) -> [String] {
    guard self == .patient else { return [] }
    var labels: [String: Set<Int>] = [:]
    for prediction in predictions { if let label = prediction.label { labels[prediction.patient, default: []].insert(label) } }
    return labels.filter { $0.value.count > 1 }.keys.sorted()
  }

  private static func patient(_ id: String, _ scans: [Prediction]) -> Prediction {
    let labelled = scans.filter { $0.label != nil }
    let taken = labelled.isEmpty ? scans : labelled
    let labels = Set(labelled.map { $0.label! })
    var mean = [Double](repeating: 0, count: taken[0].probabilities.count)
    for scan in taken.sorted(by: { $0.scan < $1.scan }) {
      for (index, probability) in scan.probabilities.enumerated() { mean[index] += probability / Double(taken.count) }
    }
    let scanners = Set(taken.map(\.scanner)).sorted()
    return Prediction(
      scan: id, patient: id, scanner: scanners.joined(separator: "+"), label: labels.count == 1 ? labels.first : nil, probabilities: mean)
  }
}
