/// One more patient of the rarest kind whom the source model gets right and the adapted one wrong: the harm that so few patients
/// may just not have shown.
///
/// Without it, models that happen to agree on every patient seen would differ by exactly 0 with an interval of no width, however few the
/// patients; with it, the 95 % bound on n patients is about -3.7/n, as the exact binomial one.
struct ImaginedPatient<Answer: JudgedAnswer> {
  private let right: [Answer]
  private let wrong: [Answer]

  /// With as many scans as patients have on average.
  init(of reference: [[Answer]]) {
    let labelled = reference.joined().filter(\.isLabelled)
    let patients = Set(labelled.map(\.patient)).count
    let scans = max(1, (labelled.count + patients / 2) / max(1, patients))
    let answers = (0..<scans).compactMap { Answer.imagined(beside: reference, scan: "\0 imagined \($0)") }
    right = answers.map(\.right)
    wrong = answers.map(\.wrong)
  }

  func harmed(in folds: [[Answer]]) -> [[Answer]] { Self.adding(wrong, to: folds) }
  func unharmed(in folds: [[Answer]]) -> [[Answer]] { Self.adding(right, to: folds) }

  private static func adding(_ answers: [Answer], to folds: [[Answer]]) -> [[Answer]] {
    guard !folds.isEmpty else { return folds }
    var folds = folds
    folds[0] += answers
    return folds
  }
}
