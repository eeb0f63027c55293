/// One more patient of the rarest kind whom the source model gets right and the adapted one wrong: the harm that so few patients
/// may just not have shown.
///
/// Without it, models that happen to agree on every patient seen would differ by exactly 0 with an interval of no width, however few the
/// patients; with it, the 95 % bound on n patients is about -3.7/n, as the exact binomial one.
package struct ImaginedPatient<Answer: JudgedAnswer> {
  private let right: [Answer]
  private let wrong: [Answer]
  /// Where most patients are of his kind: where nobody is, he alone would make an area under a curve defined.
  private let fold: Int

  /// With as many scans as patients have on average.
  package init(of reference: [[Answer]]) {
    let labelled = reference.joined().filter(\.isLabelled)
    let patients = Set(labelled.map(\.patient)).count
    let scans = max(1, (labelled.count + patients / 2) / max(1, patients))
    let answers = (0..<scans).compactMap { Answer.imagined(beside: reference, scan: "\0 imagined \($0)") }
    right = answers.map(\.right)
    wrong = answers.map(\.wrong)
    let alike = reference.map { fold in
      answers.first.map { imagined in Set(fold.filter { $0.isOfKind(of: imagined.right) }.map(\.patient)).count } ?? 0
    }
    fold = alike.firstIndex(of: alike.max() ?? 0) ?? 0
  }

  package func harmed(in folds: [[Answer]]) -> [[Answer]] { adding(wrong, to: folds) }
  package func unharmed(in folds: [[Answer]]) -> [[Answer]] { adding(right, to: folds) }

  private func adding(_ answers: [Answer], to folds: [[Answer]]) -> [[Answer]] {
    guard folds.indices.contains(fold) else { return folds }
    var folds = folds
    folds[fold] += answers
    return folds
  }
}
