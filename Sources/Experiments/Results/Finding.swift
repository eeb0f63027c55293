/// Something a reader must be told that isn't a number of the table.
public enum Finding: Hashable, Codable, Sendable {
  /// How much a reader has to care, worst first.
  public enum Severity: String, Hashable, Codable, Sendable, Comparable, CaseIterable {
    /// A patient on both sides: the scores are worthless.
    case leak
    case caution
    case note

    public static func < (left: Severity, right: Severity) -> Bool {
      allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
    }
  }

  /// The source model was fitted on patients that are scored. The first few, as pseudonyms.
  case sourceModelKnowsPatients(count: Int, examples: [String])
  case patientOnBothSides(fold: String, patient: String)
  /// Predictions of scans that the ledger doesn't list as a fold's test scans.
  case scoredOutsideTest(scans: Int)
  case labelsPermuted
  case sourcePatientsUnknown
  case transductive
  case everyScanItsOwnPatient
  /// No AUROC, no balanced accuracy there.
  case oneClassOnScanner(scanner: String, label: String)
  case scannerWithoutLabels(scanner: String)
  case sourceHeadUnknown(modelLabels: [String])
  /// Classes that the source model's head lacked and rows were added for.
  case headExtended(by: [String])
  case labelUnused(label: String)
  /// Files that were there and could not be decoded.
  case unreadable(scans: Int)
  /// Rows of the manifest whose file isn't there.
  case missingFiles(scans: Int)
  case unlabelledScans(scans: Int)
  /// Patients on source scanners that the source model was fitted on: not scored there.
  case sourceScansLeftOut(patients: Int)
  case severalComparisons(count: Int)
  /// With patients as the unit, those whose scans bear different labels have none.
  case patientsOfSeveralClasses(patients: Int)
  /// Whoever takes the best row chose it by the scores that are shown.
  case bestIsOptimistic(strategy: String, count: Int)
  case transductiveRows([String])
  /// AUROC of a linear model of what files are like, beside the network's.
  case shortcutProbe(probe: Double, strategy: String?, network: Double?, isClose: Bool)
  case incompleteFolds(finished: Int, planned: Int)
  case ledgerChecked(String, isClean: Bool)
  case strategyFailed(strategy: String, fold: String, reason: String)
  /// What the guards of a training without labels did over the fits of a study; the sentence is one fit's. A restrained fit may also have
  /// been ended early.
  case guardsReported(strategy: String, restrained: Int, refused: Int, ended: Int, fits: Int, sentence: String)
  /// Side information that couldn't be measured.
  case evidenceFailed(what: String, reason: String)
  /// The folds could be made, but something is flawed about one; its sentence.
  case foldWarning(String)

  public var severity: Severity {
    switch self {
    case .sourceModelKnowsPatients, .patientOnBothSides, .scoredOutsideTest, .ledgerChecked(_, isClean: false): .leak
    case .patientsOfSeveralClasses, .labelsPermuted, .sourcePatientsUnknown, .transductive, .everyScanItsOwnPatient, .oneClassOnScanner,
      .scannerWithoutLabels,
      .unreadable, .missingFiles, .strategyFailed, .evidenceFailed, .severalComparisons,
      .foldWarning, .bestIsOptimistic, .transductiveRows, .incompleteFolds, .shortcutProbe(_, _, _, isClose: true):
      .caution
    case .sourceHeadUnknown, .headExtended, .labelUnused, .unlabelledScans, .sourceScansLeftOut, .shortcutProbe, .ledgerChecked,
      .guardsReported:
      .note
    }
  }

  public var sentence: String {
    switch self {
    case .sourceModelKnowsPatients(let count, let examples):
      "the source model was fitted on \(counted(count, "patient")) that \(count == 1 ? "is" : "are") scored here "
        + "(\(examples.joined(separator: ", "))\(examples.count < count ? ", …" : "")): its scores, and every difference from it, are void"
    case .patientOnBothSides(let fold, let patient): "patient \(patient) was fitted on and scored in fold \(fold)"
    case .labelsPermuted: "labels were shuffled over patients: a self-test, every score should be chance"
    case .sourcePatientsUnknown:
      "the source model's patients are unknown: if some are scored here, its scores are too good and the differences too small"
    case .transductive: "transductive: the scans that are scored gave their own statistics; this says nothing about scans to come"
    case .everyScanItsOwnPatient:
      "every scan was taken as its own patient: if patients have several, intervals are too narrow and folds leak"
    case .oneClassOnScanner(let scanner, let label):
      "scanner \(scanner) has scans of class '\(label)' only: no AUROC and no balanced accuracy exist there"
    case .scannerWithoutLabels(let scanner): "scanner \(scanner) has no labelled scan: nothing can be scored there"
    case .sourceHeadUnknown(let labels):
      "the source model's own classes (\(labels.count == 0 ? "unnamed" : list(labels))) aren't this cohort's, so it cannot be scored as it came"
    case .headExtended(let labels):
      "the source model doesn't know \(list(labels)); its head was extended, fold by fold, and keeps its own rows"
    case .labelUnused(let label): "no scan has the model's class '\(label)'"
    case .unreadable(let scans): "\(counted(scans, "scan")) couldn't be read and took no part"
    case .missingFiles(let scans): "\(counted(scans, "scan")) of the manifest had no file and took no part"
    case .unlabelledScans(let scans): "\(counted(scans, "scan")) without a label: used where labels aren't needed, scored nowhere"
    case .sourceScansLeftOut(let patients):
      "\(counted(patients, "patient")) of the source scanners, whom the source model was fitted on, are not scored there"
    case .severalComparisons(let count):
      "\(count) adaptations were compared and the intervals are not corrected for that: the best of them looks a little too good; p values "
        + "are given as they came and corrected (Holm, Benjamini-Hochberg)"
    case .patientsOfSeveralClasses(let patients):
      "\(counted(patients, "patient")) with scans of several classes \(patients == 1 ? "has" : "have") no class as a patient and \(patients == 1 ? "was" : "were") not scored"
    case .scoredOutsideTest(let scans): "\(counted(scans, "scan")) were scored that the ledger doesn't list as test scans"
    case .bestIsOptimistic(let strategy, let count):
      "the best of \(count), \(strategy), was found by the scores shown here: its score is OPTIMISTIC (with --inner-folds it would be chosen "
        + "without the scored patients)"
    case .transductiveRows(let names):
      "TRANSDUCTIVE rows: \(names.joined(separator: ", ")) took statistics from the very scans that are scored; they say nothing about scans to come"
    case .shortcutProbe(let probe, let strategy, let network, let isClose):
      "a linear model of image size, depth, brightness, border and scanner alone has AUROC \(three(probe))"
        + (network.map { ", the network (\(strategy ?? "")) \(three($0))" } ?? "")
        + (isClose ? ": the network may have learned how files look and not what they show" : "")
    case .incompleteFolds(let finished, let planned):
      "INCOMPLETE: \(finished) of \(planned) folds are in these numbers"
    case .ledgerChecked(let sentence, _): sentence
    case .strategyFailed(let strategy, let fold, let reason): "\(strategy) failed in fold \(fold): \(reason)"
    case .guardsReported(let strategy, let restrained, let refused, let ended, let fits, let sentence):
      "\(strategy)'s guards (class shares, collapse) "
        + (restrained + refused + ended == 0
          ? "let all \(counted(fits, "fit")) pass; the last: "
          : [(restrained, "restrained"), (refused, "refused"), (ended, "ended early")].filter { $0.0 > 0 }
            .map { "\($0.1) \($0.0)" }.joined(separator: ", ") + " of \(counted(fits, "fit")); one of them: ") + sentence
    case .evidenceFailed(let what, let reason): "\(what) couldn't be measured: \(reason)"
    case .foldWarning(let sentence): sentence
    }
  }

  private func three(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private func list(_ labels: [String]) -> String {
    labels.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (labels.count > 4 ? " and \(labels.count - 4) more" : "")
  }
}
