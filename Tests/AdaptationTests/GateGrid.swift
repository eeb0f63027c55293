import Adaptation
import Cohorts
import Engine
import Evaluation
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Phantoms

/// One scanner shift of the grid: a scanner, and the share of lesions among its patients.
struct GridShift {
  let name: String
  let strength: String
  let scanner: ScannerModel
  var lesionFraction = 0.5
}

/// A cell as judged and as it is: what the gate said, and the true change on a large cohort it never saw.
struct GridCell {
  let shift: GridShift
  let isLabelled: Bool
  let strategy: String
  let outcome: GateOutcome
  /// Of what would be put in place, else of the whole adaptation.
  let truth: PairedDifference
  let accuracy: PairedDifference

  /// Put in place, by someone who accepts the unverified.
  var isAccepted: Bool { outcome.accepts(unverified: true) }
  /// A loss of more than a point that chance doesn't explain, in the gate's metric.
  var isHarmful: Bool { truth.range.upper < -0.01 }
  var losesAccuracy: Bool { accuracy.range.upper < -0.01 }

  static let header =
    "shift         strength  labels  strategy       gate              source  change (95 %)              accuracy change (95 %)"
  var line: String {
    func column(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
    func change(_ it: PairedDifference) -> String {
      String(format: "%+.3f [%+.3f, %+.3f]", it.difference, it.range.lower, it.range.upper)
    }
    return [
      column(shift.name, 12), column(shift.strength, 8), column(isLabelled ? "yes" : "no", 6), column(strategy, 13),
      column(outcome.decision.rawValue, 16), String(format: "%.3f ", truth.reference), change(truth), " " + change(accuracy),
      isAccepted && (isHarmful || losesAccuracy) ? "HARM" : "",
    ].joined(separator: "  ")
  }
}

extension PairedDifference {
  /// The interval; where the two answer every resample alike and there is none, the difference itself.
  var range: Interval { interval ?? Interval(lower: difference, upper: difference, level: 0.95) }
}

/// A source network trained on scanner alpha, and shifted scanners for the gate to judge adaptations to.
final class GateGrid: Sendable {
  let folder: String
  let source: Model
  let size: Int
  let patients: Int
  let testPatients: Int

  static let preprocessing = Preprocessing(channels: 1, mean: [0.5], standardDeviation: [0.25])

  init(size: Int, sourcePatients: Int, epochs: Int, patients: Int, testPatients: Int) throws {
    folder = FileManager.default.temporaryDirectory.path + "/gate-grid-\(UUID().uuidString)"
    (self.size, self.patients, self.testPatients) = (size, patients, testPatients)
    let manifest = try PhantomCohort.render(
      PhantomSpecification(scanners: [.alpha], patientsPerScanner: sourcePatients, imageSize: size, seed: 1), to: "\(folder)/source")
    let fresh = try Model.initialized(
      .smallCNN,
      card: ModelCard(
        architecture: .smallCNN, labels: ["benign", "lesion"], preprocessing: Self.preprocessing,
        inputShape: FeatureShape(channels: 1, height: size, width: size), fittedPatients: .none),
      seed: 5)
    let training = TrainingConfiguration(
      epochs: epochs, batchSize: 32, optimizer: Optimizer(.sgd()), learningRate: 0.05,
      augmentation: Augmentation(horizontalFlip: true), seed: 3)
    source = try AdaptationRun(FullFineTuning(), training: training)
      .adapt(fresh, to: try Manifest.load(manifest).allForFitting(Ledger()), loader: ScanLoader(preprocessing: Self.preprocessing)).model
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func cohort(_ shift: GridShift, patients: Int, first: Int, seed: UInt64, named name: String) throws -> Cohort {
    try Manifest.load(
      try PhantomCohort.render(
        PhantomSpecification(
          scanners: [shift.scanner], patientsPerScanner: patients, firstPatient: first, scansPerPatient: 2, imageSize: size,
          lesionFraction: shift.lesionFraction, seed: seed), to: "\(folder)/\(name)"))
  }

  /// Whether a strategy trains on labels.
  func needsLabels(_ strategy: any AdaptationStrategy) throws -> Bool {
    var model = source
    return try strategy.objective.needsLabels && strategy.prepare(&model) != nil
  }

  /// Judges each strategy with labels and without on the shift's patients, and measures the truth on others.
  func cells(_ shift: GridShift, strategies: [any AdaptationStrategy], labelled: [Bool] = [true, false], seed: UInt64 = 0) throws
    -> [GridCell]
  {
    let name = "\(shift.name)-\(shift.strength)-\(seed)"
    let clinic = try cohort(shift, patients: patients, first: 1001, seed: 10 + seed, named: "clinic-\(name)")
    let large = try cohort(shift, patients: testPatients, first: 5001, seed: 900 + seed, named: "large-\(name)")
    defer { for part in ["clinic", "large"] { try? FileManager.default.removeItem(atPath: "\(folder)/\(part)-\(name)") } }
    let predictor = Predictor(loader: ScanLoader(preprocessing: Self.preprocessing))
    let reference = try predictor.predict(source, on: large.records).predictions
    return try strategies.flatMap { strategy in
      try labelled.map { isLabelled in
        let known = isLabelled ? clinic : clinic.withoutLabels
        let loader = ScanLoader(preprocessing: Self.preprocessing)
        // What the strategy trains by of itself, but in few epochs.
        var training = strategy.defaultTraining
        (training.epochs, training.batchSize) = (5, 16)
        let gated = GatedAdaptation(
          AdaptationRun(strategy, training: training),
          gate: Gate(bootstrap: PatientBootstrap(seed: seed, resamples: 1000)), folds: 5)
        let result = try gated.adapt(source, to: known, named: name, loader: loader, ledger: Ledger())
        let adapted = try result.adapted?.model ?? gated.run.adapt(source, to: known.allForFitting(Ledger()), loader: loader).model
        let answers = try predictor.predict(adapted, on: large.records).predictions
        func change(_ metric: Metric) throws -> PairedDifference {
          try PatientBootstrap(seed: 7, resamples: 1000).difference(metric, candidate: answers, reference: reference)!
        }
        return GridCell(
          shift: shift, isLabelled: isLabelled, strategy: strategy.specification, outcome: result.outcome,
          truth: try change(.balancedAccuracy),
          accuracy: try change(.accuracy))
      }
    }
  }

  /// Alpha, changed in one way at a time; `alpha` itself with other shares of lesions; and both at once, which is where new statistics lie.
  static var shifts: [GridShift] {
    func alpha(
      _ name: String, gain: Double = 1.2, offset: Double = 0, gamma: Double = 1, blur: Double = 0.4, noise: Double = 0.02
    ) -> ScannerModel {
      ScannerModel(name: name, gain: gain, offset: offset, gamma: gamma, blur: blur, noise: .gaussian(deviation: noise))
    }
    var shifts = [GridShift(name: "none", strength: "0", scanner: alpha("none"))]
    for gain in [1.05, 0.9, 0.6] { shifts.append(GridShift(name: "gain", strength: "\(gain)", scanner: alpha("gain", gain: gain))) }
    for offset in [0.03, 0.1, 0.25] {
      shifts.append(GridShift(name: "offset", strength: "\(offset)", scanner: alpha("offset", offset: offset)))
    }
    for gamma in [0.85, 0.6, 1.7] { shifts.append(GridShift(name: "gamma", strength: "\(gamma)", scanner: alpha("gamma", gamma: gamma))) }
    for blur in [0.7, 1.2, 2.0] { shifts.append(GridShift(name: "blur", strength: "\(blur)", scanner: alpha("blur", blur: blur))) }
    for noise in [0.04, 0.08, 0.16] { shifts.append(GridShift(name: "noise", strength: "\(noise)", scanner: alpha("noise", noise: noise))) }
    for contrast in [0.9, 0.6, 0.35] {
      shifts.append(
        GridShift(
          name: "contrast", strength: "\(contrast)",
          scanner: alpha("contrast", gain: 1.2 * contrast, offset: 0.45 * (1 - contrast))))
    }
    for share in [0.75, 0.9, 0.15] {
      shifts.append(GridShift(name: "label", strength: "\(share)", scanner: alpha("label"), lesionFraction: share))
    }
    for share in [0.95, 0.85, 0.15, 0.05] {
      func both(_ name: String, _ scanner: ScannerModel) {
        shifts.append(GridShift(name: "label+\(name)", strength: "\(share)", scanner: scanner, lesionFraction: share))
      }
      both("gain", alpha("labelgain", gain: 1.0))
      both("contr", alpha("labelcontrast", gain: 0.6, offset: 0.25))
      both("noise", alpha("labelnoise", noise: 0.16))
    }
    return shifts
  }
}

extension Cohort {
  /// The same scans, of which nobody knows the answer.
  var withoutLabels: Cohort {
    Cohort(
      records: records.map {
        ScanRecord(id: $0.id, patient: $0.patient, scanner: $0.scanner, label: nil, path: $0.path, absolutePath: $0.absolutePath)
      }, patientIdentity: patientIdentity, source: source)
  }
}
