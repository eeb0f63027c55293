import Evaluation
import Experiments

extension Verdict {
  /// Told apart without colour.
  var mark: String {
    switch self {
    case .adapt: "▲"
    case .leaveAlone: "■"
    case .cannotTell: "?"
    }
  }

  var loud: String {
    switch self {
    case .adapt: "ADAPT"
    case .leaveAlone: "LEAVE ALONE"
    case .cannotTell: "CANNOT TELL"
    }
  }
}

extension VerdictWithReason {
  func because(_ rule: VerdictRule) -> String {
    let margin = Figures.signed(rule.margin)
    return switch reason {
    case .intervalAboveMargin: "the whole interval lies above \(margin)"
    case .intervalBelowMargin: "no gain above \(margin) is left in the interval"
    case .harm: "it does harm: the whole interval lies below 0"
    case .intervalHoldsMargin: "the interval holds gains worth having (above \(margin)) and none"
    case .tooFewPatients(let found, let needed): "\(found) patients; at least \(needed) are needed"
    case .tooFewPatientsOfAClass(let found, let needed): "a class has \(found) patients; at least \(needed) are needed"
    case .undefined: "the metric is undefined on these scans"
    case .noSpread: "no patient's score tells the two apart, which doesn't bound what others would show"
    }
  }
}

extension VerdictRule {
  var sentence: String {
    let margin = Figures.signed(self.margin)
    return "ADAPT: the whole interval of the gain lies above \(margin); LEAVE ALONE: at or below it; else CANNOT TELL, as with fewer than "
      + "\(minimumPatients) patients or \(minimumPatientsPerClass) of a class"
  }
}

extension StrategyResult {
  /// The verdict as one line: `ADAPT with recalibrate: AUROC +0.210 [+0.120, +0.290] on 60 patients; the whole interval …`.
  func verdictLine(_ header: EvaluationHeader) -> String? {
    guard let verdict else { return nil }
    var line = "\(verdict.verdict.loud)  \(name.visible())"
    if let difference = primary?.difference {
      line +=
        ": \(difference.metric.title(classes: header.classes)) \(Figures.difference(difference)) on \(Figures.patients(difference.patients))"
      if let pValue = difference.pValue {
        line += ", p \(Figures.pValue(pValue))" + (primary?.holm.map { $0 == pValue ? "" : " (Holm \(Figures.pValue($0)))" } ?? "")
      }
    }
    return line + "; " + verdict.because(header.rule)
  }
}
