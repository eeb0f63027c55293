/// Why a cross-validation cannot be begun.
public enum ExperimentError: Error, Hashable, Sendable, CustomStringConvertible {
  case noLabelledScans(scanners: [String], source: String)
  case unknownScanner(String, known: [String], source: String)
  case scannerIsTargetAndSource(String)
  case repeatedStrategy(String)
  case nothingToCompare
  /// The model's classes aren't the cohort's, and the protocol has no labelled scans of other scanners to fit a head on.
  case headUnknown(modelLabels: [String], cohortLabels: [String], protocolName: EvaluationProtocol)
  case newHeadLacks(labels: [String])
  /// The run folder belongs to another run: a setting, the model, a scan or a label changed.
  case otherRun(folder: String)
  /// Inner folds choose by labels of training patients.
  case nestingNeedsLabels(EvaluationProtocol)
  /// A setting that another one leaves without a use.
  case contradiction(String)
  case noFold(number: Int, of: Int)
  /// Not every fold is finished.
  case incomplete(missing: [String], of: Int, folder: String?)
  case noFoldFinished(folder: String?)
  case newerFile(path: String, found: Int, supported: Int)
  case malformedFile(path: String, reason: String)

  public var description: String {
    switch self {
    case .noLabelledScans(let scanners, let source):
      "\(source): no labelled scan of \(list(scanners)) was found; an evaluation needs labels to score by"
    case .unknownScanner(let scanner, let known, let source): "\(source): found no scanner '\(scanner)'; expected one of \(list(known))"
    case .scannerIsTargetAndSource(let scanner): "scanner '\(scanner)' is named as target and as source; expected one of them"
    case .repeatedStrategy(let name): "strategy '\(name)' stands twice; expected each once"
    case .nothingToCompare: "no strategy was given; expected at least one beside the source model"
    case .headUnknown(let model, let cohort, let protocolName):
      "the model's classes (\(list(model))) lack some of the cohort's (\(list(cohort))), and \(protocolName.rawValue) gives no labels to fit a "
        + "head on; name --source scanners with labels, or take another protocol"
    case .newHeadLacks(let labels): "the new head's classes lack \(list(labels)), which scans bear"
    case .otherRun(let folder):
      "\(folder): holds folds of another run (a setting, the model, a scan or a label differs); expected this run's"
    case .nestingNeedsLabels(let name):
      "inner folds choose by labels of the training patients, and \(name.rawValue) gives none; expected another protocol, or no --inner-folds"
    case .contradiction(let sentence): sentence
    case .noFold(let number, let count): "found fold \(number); expected one of 1 to \(count)"
    case .incomplete(let missing, let count, let folder):
      "\(folder.map { $0 + ": " } ?? "")\(missing.count) of \(count) folds aren't finished (\(missing.prefix(6).joined(separator: "; "))"
        + "\(missing.count > 6 ? "; …" : "")); run them, or gather what there is with --allow-incomplete"
    case .noFoldFinished(let folder): "\(folder.map { $0 + ": " } ?? "")no fold is finished; expected at least one to gather"
    case .newerFile(let path, let found, let supported): "\(path): found format \(found); expected at most \(supported)"
    case .malformedFile(let path, let reason): "\(path): \(reason)"
    }
  }

  private func list(_ names: [String]) -> String {
    names.isEmpty
      ? "none" : names.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
  }
}
