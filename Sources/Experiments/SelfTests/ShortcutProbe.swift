import Cohorts
import Evaluation
import Imaging
import Synchronization

/// A linear model of each label by what files are like and which scanner they come from, fitted on a fold's training patients and asked
/// about its held-out scans: what can be had without looking at the picture.
struct ShortcutProbe: Sendable {
  static let name = "shortcut-probe"

  let classes: [String]
  private let limits: PNGLimits
  private let known = Known()

  /// Files are read once a run, however many folds ask.
  private final class Known: Sendable {
    let features = Mutex<[ScanID: ShortcutFeatures?]>([:])
  }

  init(classes: [String], limits: PNGLimits) {
    self.classes = classes
    self.limits = limits
  }

  /// - Parameters:
  ///   - training: scans of training patients; those with a label count.
  ///   - test: the scans that strategies are scored on.
  func run(training: [ScanRecord], test: [ScanRecord]) -> FoldRecord.Strategy {
    let scanners = Set(training.map(\.scanner)).sorted()
    func row(_ record: ScanRecord) -> [Double]? {
      features(of: record).map { $0.values + (scanners.count > 1 ? scanners.map { $0 == record.scanner ? 1 : 0 } : []) }
    }
    let examples = training.compactMap { record in
      record.label.flatMap(classes.firstIndex).flatMap { label in row(record).map { (label: label, row: $0) } }
    }
    let present = Set(examples.map(\.label))
    guard present.count > 1 else {
      return FoldRecord.Strategy(name: Self.name, failure: "the fold's readable training scans have fewer than two classes")
    }
    let models = classes.indices.map { label in
      present.contains(label) && !(classes.count == 2 && label == 0)
        ? RidgeLogistic(rows: examples.map(\.row), isPositive: examples.map { $0.label == label }) : nil
    }
    let predictions = test.compactMap { record in
      row(record).map { row in
        Prediction(
          scan: record.id.rawValue, patient: record.patient.rawValue, scanner: record.scanner.rawValue,
          label: record.label.flatMap(classes.firstIndex), probabilities: probabilities(models, row))
      }
    }
    return FoldRecord.Strategy(name: Self.name, predictions: predictions)
  }

  private func probabilities(_ models: [RidgeLogistic?], _ row: [Double]) -> [Double] {
    if classes.count == 2 {
      let positive = models[1]!.probability(of: row)
      return [1 - positive, positive]
    }
    let single = models.map { $0?.probability(of: row) ?? 0 }
    let sum = single.reduce(0, +)
    return sum > 0 ? single.map { $0 / sum } : single.map { _ in 1 / Double(classes.count) }
  }

  private func features(of record: ScanRecord) -> ShortcutFeatures? {
    if let found = known.features.withLock({ $0[record.id] }) { return found }
    let read = ShortcutFeatures.read(record, limits: limits)
    known.features.withLock { $0[record.id] = .some(read) }
    return read
  }
}
