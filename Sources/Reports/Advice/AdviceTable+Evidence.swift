import Adaptation
import Experiments

extension Advice {
  /// Both strategies that the closed form is of were measured.
  fileprivate var asksForClosedForm: Bool {
    Set(ranks.map(\.strategy)).isSuperset(of: [LinearProbe().name, FullFineTuning().name])
  }
}

/// What stands beside the curves and ranks nothing by itself.
extension AdviceTable {
  /// Name and sentence.
  var evidence: [(String, String)] {
    var lines: [(String, String)] = []
    for summary in advice.mismatches {
      let distances = [
        summary.frechet.map { "Fréchet distance \(Figures.score($0)) of the features' variance" },
        summary.proxyA.map { "proxy A-distance \(Figures.score($0)) of 2" },
      ].compactMap(\.self)
      lines.append(
        (
          "scanner \(summary.scanner.visible(limit: 40))",
          "against \(summary.reference.visible(limit: 60)), \(summary.layersBeyondChance) of \(summary.layers.count) layers differ beyond "
            + "chance. \(summary.finding.visible(limit: 400)) \(summary.suggestion)"
            + (distances.isEmpty ? "" : " Features: \(distances.joined(separator: ", ")).")
        ))
    }
    if let line = advice.sanityLine {
      lines.append(
        (
          "closed form",
          "\(line.sentence): k = \(Figures.short(line.model.probeFeatures)), d = \(Figures.short(line.model.features)), "
            + "B² = \(Figures.score(line.model.omittedSignal)), s² = \(Figures.score(line.model.noise)); "
            + (line.crossing.map { "n_T* = \(Figures.short($0.rounded()))" } ?? "it has no crossing")
        ))
    }
    if advice.sanityLine == nil, advice.asksForClosedForm {
      lines.append(("closed form", "no linear-Gaussian model has the Brier scores that were measured, so it says nothing here"))
    }
    if !advice.transferability.isEmpty {
      let scores = advice.transferability.map { score in
        let others = [score.hScore.map { "H-score \(Figures.score($0))" }, score.leep.map { "LEEP \(Figures.score($0))" }].compactMap(
          \.self)
        return "\(score.features) \(Figures.score(score.logME))" + (others.isEmpty ? "" : " (\(others.joined(separator: ", ")))")
      }
      lines.append(
        (
          "LogME",
          "of frozen features, higher is better: \(scores.joined(separator: "; ")). It ranks features and doesn't predict a gain; neither do H-score and LEEP."
        ))
    }
    return lines
  }

  static let ruleColumns = ["strategy", "n_T", "applies", "why", "source"]

  var ruleRows: [[String]] {
    advice.rules.map { rule in
      [
        rule.strategy + (rule.strategy == advice.verdict.strategy ? " ▶" : ""), "\(rule.patientsPerClass)", rule.applies ? "yes" : "no",
        rule.reason.visible(), rule.source,
      ]
    }
  }
}
