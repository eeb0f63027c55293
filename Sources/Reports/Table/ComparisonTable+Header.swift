import Evaluation
import Experiments

extension ComparisonTable {
  static func headerLines(_ result: EvaluationResult, legend: [Statistics]) -> [HeaderLine] {
    let header = result.header
    var lines = [
      HeaderLine(
        label: "protocol",
        text: "\(header.protocolName.rawValue) (\(header.protocolName.sentence)); \(header.folds) folds"
          + (header.repetitions > 1 ? ", \(header.repetitions) repetitions" : "") + ", seed \(header.seed)",
        isWarning: header.protocolName == .transductive)
    ]
    if header.labelsPermuted {
      lines.append(HeaderLine(label: "SELF-TEST", text: "labels were shuffled over patients: every score must be chance", isWarning: true))
    }
    lines += [
      HeaderLine(label: "scored", text: scored(result)),
      HeaderLine(
        label: "model",
        text: "\(header.model.visible()) (\(header.architecture.visible()), backbone \(header.backboneHash.prefix(12)))"),
      HeaderLine(label: "classes", text: header.classes.enumerated().map { "\($0) = \($1.visible(limit: 60))" }.joined(separator: ", ")),
      HeaderLine(label: "preprocessing", text: header.preprocessing.visible(limit: 600)),
    ]
    for (index, statistics) in legend.enumerated() {
      lines.append(HeaderLine(label: index == 0 ? "statistics" : "", text: "\(statistics.letter) = \(statistics.sentence.visible())"))
    }
    lines += [
      HeaderLine(
        label: "model's patients", text: header.sourcePatients.sentence, isWarning: header.sourcePatients.isWarning),
      HeaderLine(label: "patients", text: header.patientIdentity.visible()),
      HeaderLine(label: "unit", text: header.unit.sentence),
      HeaderLine(label: "compared with", text: header.baseline.sentence),
      HeaderLine(
        label: "numbers",
        text:
          "held-out patients of all folds: areas as the mean over folds, all else pooled; "
          + "\(Figures.percent(header.bootstrap.level)) intervals \(header.bootstrap.method.sentence); differences are paired: same patients"
      ),
      HeaderLine(label: "verdict", text: header.rule.sentence),
    ]
    return lines
  }

  private static func scored(_ result: EvaluationResult) -> String {
    let targets = result.scanners.filter { $0.role == .target }
    let parts = targets.prefix(6).map { scanner in
      let classes = zip(result.header.classes, scanner.patientsPerClass).map { "\($1) \($0.visible(limit: 24))" }.joined(separator: ", ")
      return
        "\(scanner.scanner.visible(limit: 40)): \(Figures.patients(scanner.patients)) (\(classes)), \(Figures.count(scanner.scans)) scans"
    }
    let rest = targets.count > 6 ? "; and \(targets.count - 6) scanners more" : ""
    return "held-out patients only; " + parts.joined(separator: "; ") + rest
  }
}

extension EvaluationHeader.SourcePatients {
  var isWarning: Bool {
    if case .known(_, 0) = self { return false }
    return true
  }
}
