import Evaluation
import Experiments

/// `methods.md`: what a paper's methods section needs of an evaluation, as prose and tables; a pure function of the result and of what the
/// run was given. Patients and scans are counted, not named; of files only their hashes are given.
public struct MethodsText: Sendable {
  private let header: EvaluationHeader
  private let conduct: EvaluationConduct
  private let run: RunDescription
  private let strategies: [Strategy]
  private let finishedFolds: Int
  /// Several findings a scan instead of one class.
  private let hasFindings: Bool

  private struct Strategy {
    let name: String
    let summary: String
    let statistics: String
    let head: String
    /// Why it has no scores.
    let missing: String?
    var isTransductive = false
    var overSeeds: SeedVariance?
  }

  /// - Parameter result: of a run, so that it says how it was carried out.
  public init(_ result: EvaluationResult, run: RunDescription) {
    guard let conduct = result.conduct else { preconditionFailure("a result that doesn't say how it was made has no methods") }
    (header, self.conduct, self.run, finishedFolds, hasFindings) = (result.header, conduct, run, result.folds.count, false)
    strategies = result.strategies.map { row in
      let missing: String? =
        switch row.outcome {
        case .evaluated: nil
        case .notApplicable(let reason): "not run: \(reason)"
        case .failed(let fold, let reason): "failed in fold \(fold): \(reason)"
        }
      return Strategy(
        name: row.name, summary: row.summary, statistics: row.statistics, head: row.head, missing: missing,
        isTransductive: row.isTransductive, overSeeds: row.primary?.overSeeds)
    }
  }

  /// Of several findings a scan.
  public init(_ result: FindingsResult, run: RunDescription) {
    (header, conduct, self.run, finishedFolds, hasFindings) = (result.header, result.conduct, run, result.folds, true)
    strategies = result.strategies.map { row in
      Strategy(
        name: row.name, summary: row.summary, statistics: row.statistics, head: row.head, missing: row.failure.map { "failed: \($0)" })
    }
  }

  public var markdown: String {
    let banner = header.labelsPermuted ? ["> SELF-TEST: labels permuted over whole patients; every score must be chance."] : []
    let sections = [data, model, adaptations, division, choice, statistics, checks, reproduction]
    return (["# Methods"] + banner + sections.flatMap { $0 }).joined(separator: "\n\n") + "\n"
  }

  // MARK: sections

  private var data: [String] {
    let whole = conduct.composition.filter { $0.fold == nil }
    let scanners = Set(whole.map(\.scanner)).count
    var text = ["## Patients and scans", "\(plural(scanners, "scanner")); \(header.patientIdentity.visible())."]
    if conduct.patientsJoined > 0 {
      text[1] += " \(conduct.patientsJoined) patients who share a group with another (such as duplicated scans) were taken for one each."
    }
    text.append(
      table(
        ["scanner", hasFindings ? "finding" : "class", "patients", "scans"],
        whole.map { [$0.scanner.visible(), $0.label?.visible() ?? "no label", Figures.count($0.patients), Figures.count($0.scans)] }))
    if let mappings = run.labelMappings {
      text.append(
        "Labels renamed to the model's: \(mappings.map { "\($0.found.visible()) to \($0.model.visible())" }.joined(separator: ", ")).")
    }
    if !conduct.exclusions.isEmpty {
      text += ["Left out:", conduct.exclusions.map { "- \(Figures.count($0.scans)): \($0.reason)" }.joined(separator: "\n")]
    } else {
      text.append("No scan was left out.")
    }
    return text
  }

  private var model: [String] {
    [
      "## Source model",
      "\(header.model.visible()), architecture \(header.architecture.visible()), backbone SHA-256 \(header.backboneHash.prefix(16))…; \(hasFindings ? "findings" : "classes") "
        + "in index order: \(header.classes.map { $0.visible() }.joined(separator: ", ")). Its patients: \(header.sourcePatients.sentence)."
        + (conduct.outsiders.map { " A list given with --pretrained-on names \(plural($0, "patient"))." } ?? ""),
      "Preprocessing of every scan: \(header.preprocessing.visible(limit: 2000))",
    ]
  }

  private var adaptations: [String] {
    let rows = strategies.map { row -> [String] in
      let method = conduct.methods.first { $0.strategy == row.name }
      let fate = row.missing ?? method?.training?.sentence ?? "nothing trains"
      return [row.name.visible(), row.summary.visible(), row.statistics.visible(), row.head.visible(), fate.visible(limit: 2000)]
    }
    let fractions = Set(conduct.methods.compactMap(\.validationFraction))
    let validation = fractions.map { " For early stopping \(Figures.percent($0)) of each fold's training patients were set aside." }
    return [
      "## Adaptations",
      "Each was compared with \(header.baseline.sentence).\(validation.sorted().joined())",
      table(["adaptation", "what it does", "normalization statistics", "head", "training"], rows),
    ]
  }

  private var division: [String] {
    var prose =
      "Protocol \(header.protocolName.rawValue): \(header.protocolName.sentence). Division: \(conduct.division). No patient is on both sides of a "
      + "fold."
    if finishedFolds < conduct.foldsPlanned {
      prose += " INCOMPLETE: \(finishedFolds) of \(conduct.foldsPlanned) folds were finished and are reported."
    }
    let cells = conduct.composition.filter { $0.fold != nil }
    // Long tables are left to the ledger.
    let shown = cells.prefix(400)
    var text = [
      "## Division of patients", prose,
      table(
        ["fold", "part", "scanner", hasFindings ? "finding" : "class", "patients", "scans"],
        shown.map {
          [
            $0.fold!.visible(), $0.part ?? "", $0.scanner.visible(), $0.label?.visible() ?? "no label", Figures.count($0.patients),
            Figures.count($0.scans),
          ]
        }),
    ]
    if cells.count > shown.count {
      text.append("The first \(shown.count) of \(cells.count) lines; ledger.csv has every scan of every fold.")
    }
    return text
  }

  private var choice: [String] {
    switch conduct.selection {
    case .none: return []
    case .optimistic(let best, let count):
      return [
        "## Choice among adaptations",
        "\(count) adaptations were compared on the same held-out patients. Nothing was chosen without those patients: the score of the best "
          + "(\(best.visible())), read as that of a chosen one, is optimistic.",
      ]
    case .inside(let innerFolds, let count):
      let rates = conduct.nesting?.learningRates ?? []
      return [
        "## Choice among adaptations",
        "Nested cross-validation: in each fold, \(plural(count, "candidate")) (the baseline, each adaptation"
          + (rates.isEmpty ? "" : ", learning rates \(rates.map { "\($0)" }.joined(separator: ", "))")
          + ") were compared by \(innerFolds) inner folds of the fold's training patients, by "
          + "\(title(header.primaryMetric)); 'chosen-inside' is what was chosen there, scored on patients "
          + "that took no part in the choice.",
        table(
          ["fold", "chosen", "inner scores"],
          conduct.choices.map { choice in
            [
              choice.fold.visible(), choice.chosen.map { "\($0)".visible() } ?? "none",
              choice.scores.map { "\($0.candidate) \(Figures.score($0.score))" }.joined(separator: "; ").visible(limit: 2000),
            ]
          }),
      ] + thresholds
    }
  }

  private var thresholds: [String] {
    guard let rule = conduct.nesting?.threshold else { return [] }
    return [
      "Thresholds were chosen for \(rule.sentence) on the inner folds' predictions, strategy by strategy and fold by fold; on the held-out "
        + "patients they give:",
      table(
        ["adaptation", "sensitivity", "specificity", "thresholds"],
        conduct.thresholds.map { row in
          [
            row.strategy.visible(), Figures.score(row.sensitivity), Figures.score(row.specificity),
            row.thresholds.map { Figures.score($0?.value) }.joined(separator: ", "),
          ]
        }),
    ]
  }

  private var statistics: [String] {
    let names = header.metrics.map(title).joined(separator: ", ")
    var text = [
      "## Statistics",
      "Metrics: \(names); the first decides. Intervals at \(Figures.percent(header.bootstrap.level)) are \(header.bootstrap.method.sentence); "
        + "where patients are resampled, \(Figures.count(header.bootstrap.resamples)) times with all their scans, "
        + (hasFindings ? "all findings at once, each over the scans in which somebody looked for it" : "within strata of patient label")
        + ", seed \(header.bootstrap.seed). Differences are paired: the same patients, scans and resamples for both. Unit: "
        + "\(header.unit.sentence). \(header.rule.sentence).",
    ]
    let metric = title(header.primaryMetric)
    let seeded = strategies.compactMap { row in row.overSeeds.map { (row.name, $0) } }
    if !seeded.isEmpty {
      text += [
        "\(metric) by training seed; the interval of the mean is for other seeds and other patients.",
        table(
          ["adaptation", "mean", "interval", "deviation over seeds", "standard error from patients", "seeds"],
          seeded.map { name, variance in
            [
              name.visible(), Figures.score(variance.mean),
              "[\(Figures.score(variance.interval.lower)), \(Figures.score(variance.interval.upper))]",
              Figures.score(variance.seedDeviation), Figures.score(variance.patientDeviation),
              variance.values.map { Figures.score($0) }.joined(separator: ", "),
            ]
          }),
      ]
    }
    if let permutations = conduct.permutations {
      text += [
        "\(metric) by permutation of the labels, a mean over folds each: what chance alone gives.",
        table(
          ["adaptation", "mean", "standard deviation", "standard error", "permutations"],
          permutations.map {
            [
              $0.strategy.visible(), Figures.score($0.mean), Figures.score($0.standardDeviation), Figures.score($0.standardError),
              $0.values.map { Figures.score($0) }.joined(separator: ", "),
            ]
          }),
      ]
    }
    return text
  }

  private var checks: [String] {
    var lines = [conduct.ledger.sentence + "."]
    if let shortcut = conduct.shortcut {
      if let failure = shortcut.failure {
        lines.append("Shortcut probe: not possible (\(failure)).")
      } else {
        lines.append(
          "Shortcut probe (a linear model of image size, depth, brightness, border and scanner, same folds): AUROC "
            + "\(Figures.estimate(shortcut.probe)); the network (\((shortcut.strategy ?? Figures.absent).visible())) "
            + "\(Figures.estimate(shortcut.network)); the network leads by \(Figures.difference(shortcut.lead))."
            + (shortcut.isClose ? " CLOSE: the network may have learned how files look." : ""))
      }
    }
    let rows = strategies.filter(\.isTransductive).map { $0.name.visible() }
    if !rows.isEmpty {
      lines.append("TRANSDUCTIVE: \(rows.joined(separator: ", ")) took statistics from the scored scans, without labels.")
    }
    return ["## Checks", lines.map { "- \($0)" }.joined(separator: "\n")]
  }

  private var reproduction: [String] {
    [
      "## Reproduction",
      "ScanAdapt \(conduct.programVersion), instruction set \(conduct.instructionSet), seed \(header.seed), pseudonym key "
        + "\(run.pseudonymKeyID). The same inputs, version and instruction set give the same bits at any number of threads.",
      table(
        ["input", "SHA-256"], run.inputs.map { [$0.role.visible(), $0.sha256] } + [["settings, model and every scan", conduct.identity]]),
    ]
  }

  // MARK: words

  private func title(_ metric: Metric) -> String {
    hasFindings ? "mean over findings of \(metric.title(classes: ["absent", "present"]))" : metric.title(classes: header.classes)
  }

  private func plural(_ count: Int, _ noun: String) -> String { "\(Figures.count(count)) \(noun)\(count == 1 ? "" : "s")" }

  private func table(_ columns: [String], _ rows: [[String]]) -> String {
    let lines = [columns, columns.map { _ in "---" }] + rows
    return lines.map { "| " + $0.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
}
