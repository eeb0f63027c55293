import Adaptation
import Evaluation
import Experiments

/// Advice as a person reads it: the answer, the ranked table with the evidence for each rank, what would change it, and the command to run.
public struct AdviceTable: Sendable {
  let advice: Advice

  public init(_ advice: Advice) { self.advice = advice }

  var columns: [String] {
    let level = Figures.percent(advice.header.level)
    let others = advice.ranks.first?.scores.dropFirst().map { $0.metric.title(classes: advice.header.classes) } ?? []
    return ["rank", "strategy", "error [\(level)]"] + others
      + ["from source [\(level)]", "", "best in", "bias²", "variance", "trained", "a fit", "memory", "why here"]
  }

  var rows: [[String]] { advice.ranks.map(row) }

  private func row(_ rank: AdviceRank) -> [String] {
    let spread = advice.spread(of: rank.strategy)?.parts
    let tied = advice.ranks.count { $0.place == rank.place } > 1
    return [
      (tied ? "=" : "") + "\(rank.place)" + (rank.isRecommended ? " ▶" : ""), rank.strategy.visible(limit: 40),
      "\(Figures.score(rank.error)) \(Figures.interval(rank.interval))",
    ] + rank.scores.dropFirst().map { Figures.score($0.value) } + [
      rank.fromSource.map { "\(Figures.signed($0.difference)) \(Figures.signedInterval($0.interval))" } ?? "baseline",
      rank.verdict.map { "\($0.mark) \($0.loud)" } ?? Figures.absent,
      Figures.percent((rank.shareBest * 100).rounded() / 100), Figures.score(spread?.bias), Figures.score(spread?.variance),
      Figures.count(rank.trainedParameters), Figures.seconds(rank.seconds), Figures.memory(rank.peakBytes), rank.because.visible(),
    ]
  }

  /// What was studied, a line each.
  var header: [ComparisonTable.HeaderLine] {
    let header = advice.header
    let classes = zip(header.classes, header.patientsPerClass).map { "\($1) \($0.visible(limit: 24))" }.joined(separator: ", ")
    var lines = [
      ComparisonTable.HeaderLine(label: "model", text: "\(header.model.visible()) (\(header.architecture.visible()))"),
      .init(
        label: "patients",
        text: "\(Figures.patients(header.patients)) with labels on \(ComparisonTable.names(header.targetScanners)) (\(classes)), "
          + "\(Figures.count(header.scans)) scans; \(header.patientIdentity.visible())"),
      .init(label: "preprocessing", text: header.preprocessing.visible(limit: 600)),
      .init(label: "model's patients", text: header.sourcePatients),
      .init(label: "source is", text: header.baseline),
    ]
    if advice.isMeasured {
      let tested = advice.testedPatients < header.patients ? " (\(Figures.patients(advice.testedPatients)) asked about)" : ""
      lines += [
        .init(
          label: "study",
          text: "each strategy on \(header.sizes.map(String.init).joined(separator: ", ")) training patients (nested, the same for all), "
            + "\(header.draws) draws, \(header.folds) folds\(tested), \(Figures.count(header.fits)) fits, seed \(header.seed)"
            + (header.secondsUsed.map { "; \(Figures.seconds($0)) of \(Figures.seconds(header.budget.seconds))" } ?? "")),
        .init(
          label: "error",
          text: "\(header.error?.words ?? "") on held-out patients with \(header.sizes.last ?? 0) training patients; "
            + "\(Figures.percent(header.level)) intervals over patients and training subsets; worth having: \(Figures.score(header.margin))"
            + (advice.ranks.count > 2
              ? "; not corrected for \(advice.ranks.count - 1) comparisons, so the best looks a little too good" : "")
        ),
      ]
    }
    return lines
  }
}

extension ErrorMeasure {
  var words: String {
    switch self {
    case .balancedMistakes: "one minus balanced accuracy"
    case .mistakes: "one minus accuracy"
    case .brier: "Brier score"
    case .logLoss: "log loss"
    }
  }
}

extension Advice {
  /// At the largest size of at most half the patients, where subsets still differ.
  func spread(of strategy: String) -> StrategySpread? {
    let own = spreads.filter { $0.strategy == strategy }.sorted { $0.size < $1.size }
    let half = (header.sizes.last ?? 0) / 2
    return own.last { $0.size <= half } ?? own.first
  }
}
