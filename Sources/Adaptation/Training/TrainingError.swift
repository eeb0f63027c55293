import Cohorts

/// Why training can't start or go on.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No training scan has a label.
  case noLabels(scans: Int)
  /// All training scans have one class: nothing to tell apart.
  case oneClass(label: String, scans: Int)
  /// No finding is there in one scan and not in another.
  case nothingToTell(findings: Int, scans: Int)
  /// Batch statistics of a single scan.
  case batchOfOne(scans: Int, batchSize: Int)
  /// A scanner with one labelled scan, where each batch is one scanner's.
  case singleScan(scanner: ScannerID, batchSize: Int)
  /// Joint training has no validation that early stopping could watch.
  case earlyStoppingOfScanners
  /// Early stopping needs validation patients with labels.
  case earlyStoppingWithoutValidation
  /// The measure has no value on the validation patients: they have one class.
  case measureUndefined(EarlyStopping.Measure)
  /// The loss stopped being a number. Steps count from 0 over the whole run; `checkpoint` is the last good one.
  case notFinite(step: Int, node: String?, learningRate: Double, checkpoint: String?)
  /// The validation patients' loss stopped being a number, so no epoch can be chosen by it. Epochs count from 0.
  case validationNotFinite(epoch: Int)
  /// A setting outside its range.
  case setting(name: String, found: String, expected: String)
  /// Training scans that couldn't be read leave nothing.
  case noReadableScans(listed: Int, first: UnreadableScan?)

  public var description: String {
    switch self {
    case .noLabels(let scans): "found no label among \(scans) training scans; expected labels to train on"
    case .oneClass(let label, let scans): "all \(scans) labelled training scans are '\(label)'; expected two classes or more"
    case .nothingToTell(let findings, let scans):
      "none of \(findings) findings is there in some of \(scans) labelled training scans and not in others; expected one at least"
    case .batchOfOne(let scans, let size):
      "batch statistics of a single scan (\(scans) training scans, batch size \(size)); expected batches of 2 or more, "
        + "or training from stored statistics"
    case .singleScan(let scanner, let size):
      "found a batch of one scan of scanner '\(scanner)' at batch size \(size); expected at least 2 labelled scans of each scanner in a batch, "
        + "since batch statistics are one scanner's"
    case .earlyStoppingOfScanners:
      "found early stopping where scanners take turns in a training; expected none: it trains all its epochs"
    case .earlyStoppingWithoutValidation: "early stopping needs labelled validation patients; found none"
    case .measureUndefined(let measure):
      "\(measure.rawValue) has no value on the validation patients; expected labelled scans\(measure == .validationAUROC ? " of two classes" : "")"
    case .notFinite(let step, let node, let rate, let checkpoint):
      "step \(step): the loss isn't a finite number\(node.map { " (first in layer \($0))" } ?? "") at learning rate \(rate); "
        + (checkpoint.map { "the last good checkpoint is \($0)" } ?? "there was no checkpoint yet")
    case .validationNotFinite(let epoch):
      "epoch \(epoch): the validation loss isn't a finite number; expected one to stop early by (is the learning rate too high?)"
    case .setting(let name, let found, let expected): "\(name) is \(found); expected \(expected)"
    case .noReadableScans(let listed, let first):
      "none of \(listed) training scans could be read\(first.map { ", the first (\($0.path)) because it \($0.reason)" } ?? ""); expected at least two"
    }
  }
}

extension TrainingConfiguration {
  /// - Throws: `TrainingError.setting` naming the first value outside its range.
  func validate() throws(TrainingError) {
    func require(_ holds: Bool, _ name: String, _ found: some CustomStringConvertible, _ expected: String) throws(TrainingError) {
      if !holds { throw .setting(name: name, found: "\(found)", expected: expected) }
    }
    try require(epochs >= 1, "epochs", epochs, "1 or more")
    try require(batchSize >= 1, "batch size", batchSize, "1 or more")
    try require(learningRate.isFinite && learningRate > 0, "learning rate", learningRate, "a positive number")
    try require((0..<1).contains(labelSmoothing), "label smoothing", labelSmoothing, "a share in [0, 1)")
    try require(schedule.warmUpEpochs <= Double(epochs), "warm-up", schedule.warmUpEpochs, "no more than the \(epochs) epochs there are")
    if let penalty = optimizer.startingPointPenalty {
      try require(penalty.isFinite && penalty > 0, "L2-SP's penalty", penalty, "a positive number")
    }
    if let norm = optimizer.clippingNorm { try require(norm > 0, "clipping norm", norm, "a positive number") }
  }
}
