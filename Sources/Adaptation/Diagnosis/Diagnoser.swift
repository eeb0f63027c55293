import Cohorts
import Evaluation
import ModelFiles
import Normalization

/// Measures how scanners differ for a model: nothing it fits is kept.
public struct Diagnoser: Sendable {
  public var comparison: MismatchComparison
  /// What is tried on halves of each scanner's patients; the gate judges the first.
  public var remedies: [any AdaptationStrategy]
  public var gate: Gate?
  public var loader: ScanLoader
  public var budget: ComputeBudget

  public init(
    comparison: MismatchComparison = MismatchComparison(),
    remedies: [any AdaptationStrategy] = [
      // Measured as they are; the label shift is reported beside them.
      RecalibratedModel(guard: LabelShiftGuard(.off)), RecalibratedModel(blend: .prior(strength: 32), guard: LabelShiftGuard(.off)),
      RecalibratedModel(blend: .fixed(sourceWeight: 0.5), guard: LabelShiftGuard(.off)), InstanceNormalized(),
    ],
    gate: Gate? = Gate(), loader: ScanLoader, budget: ComputeBudget = ComputeBudget()
  ) {
    self.comparison = comparison
    self.remedies = remedies
    self.gate = gate
    self.loader = loader
    self.budget = budget
  }

  /// - Parameters:
  ///   - reference: a scanner of the cohort that the others are compared with too, such as the one the model was trained on.
  ///   - progress: told what is being done.
  /// - Returns: by scanner, sorted; and the scans that couldn't be read.
  /// - Throws: `LayerSelectionError` for a model without normalizations; the errors of the rooms it calls.
  public func diagnose(
    _ model: Model, on cohort: Cohort, reference: ScannerID? = nil, ledger: Ledger = Ledger(), progress: (String) -> Void = { _ in }
  ) throws -> (scanners: [ScannerDiagnosis], unreadable: [UnreadableScan]) {
    var views: [ScannerID: ScannerView] = [:]
    var unreadable: [UnreadableScan] = []
    for scanner in cohort.scanners {
      progress("\(scanner): reading and observing")
      let view = try ScannerView(cohort.restricted(toScanner: scanner), scanner, by: model, self, ledger)
      views[scanner] = view
      unreadable += view.unreadable
    }
    let known = reference.flatMap { views[$0] }
    let scanners = try cohort.scanners.map { scanner in
      let view = views[scanner]!
      progress("\(scanner): comparing")
      let other = scanner == reference ? nil : known
      var found = ScannerDiagnosis(
        scanner: scanner, patients: view.moments.patients.count, scans: view.moments.scanCount,
        stored: comparison.compare(view.moments, of: scanner, with: model), input: view.input,
        channels: ChannelHealth.layers(of: model, seeing: view.moments), labels: model.card.labels,
        labelShift: model.card.output == .softmax ? labelShift(view, known) : [], remedies: [])
      if let other {
        found.againstReference = comparison.compare(view.moments, of: scanner, with: other.moments, of: other.scanner, by: model)
        found.inputShift = view.input.flatMap { input in
          other.input.flatMap { InputShift(input, from: $0, of: other.scanner, draws: comparison.draws, seed: comparison.seed) }
        }
        found.distance = DomainDistance(other.answers, view.answers, draws: comparison.draws, seed: comparison.seed)
      }
      progress("\(scanner): trying remedies")
      found.remedies = try RemedyTrial(diagnoser: self, model: model, reference: other).measure(on: view, ledger: ledger)
      if let gate, let first = remedies.first, view.moments.patients.count >= 2 {
        progress("\(scanner): asking the gate")
        found.gate = try GatedAdaptation(AdaptationRun(first, budget: budget), gate: gate)
          .judge(model, on: view.cohort, named: "diagnose \(scanner)", loader: loader, ledger: ledger).outcome
      }
      return found
    }
    return (scanners, Array(Set(unreadable)).sorted { $0.path < $1.path })
  }

  private func labelShift(_ view: ScannerView, _ reference: ScannerView?) -> [LabelShiftEstimate] {
    let source = reference.flatMap { $0.scanner == view.scanner ? nil : $0.answers.predictions }?.filter { $0.label != nil } ?? []
    let classes = view.answers.predictions.first?.probabilities.count ?? 0
    // A network of many classes that this task hasn't: shares of those say nothing.
    guard classes >= 2, classes <= 50 else { return [] }
    var prior: [Double]?
    if Set(source.compactMap(\.label)).count == classes {
      prior = (0..<classes).map { label in Double(source.count { $0.label == label }) / Double(source.count) }
    }
    let estimates = [
      LabelShiftEstimate.byExpectationMaximization(view.answers.predictions, prior: prior, seed: comparison.seed),
      prior == nil ? nil : LabelShiftEstimate.byBlackBox(view.answers.predictions, source: source, seed: comparison.seed),
    ]
    return estimates.compactMap(\.self)
  }
}

/// One scanner's scans as a model sees them.
struct ScannerView {
  let cohort: Cohort
  let scanner: ScannerID
  let moments: PatientMoments
  let answers: ScanPredictions
  let input: InputProfile?
  let unreadable: [UnreadableScan]

  init(_ cohort: Cohort, _ scanner: ScannerID, by model: Model, _ diagnoser: Diagnoser, _ ledger: Ledger) throws {
    self.cohort = cohort
    self.scanner = scanner
    let scans = cohort.allForFitting(ledger, under: "diagnose")
    let images = ScanImages(diagnoser.loader)
    let seen = try PatientMoments.observed(by: model, on: scans, images: images, threads: diagnoser.budget.threads)
    moments = seen.moments
    answers = try diagnoser.answers(of: model, cohort.records)
    input = try InputProfile.measured(
      on: scans, images: images, preprocessing: model.card.preprocessing, seed: diagnoser.comparison.seed)
    unreadable = (cohort.unavailable + seen.failures).map(UnreadableScan.init)
  }
}

extension DomainDistance {
  /// Of two scanners' feature vectors.
  /// - Parameter draws: permutations that say what chance does; 0 measures the distances alone.
  init(_ first: ScanPredictions, _ second: ScanPredictions, draws: Int = 0, seed: UInt64) {
    let rows = [first, second].map { $0.features!.map { $0.map(Double.init) } }
    let patients = [first, second].map { $0.records.map(\.patient.rawValue) }
    frechet = FrechetDistance(rows[0], patients: patients[0], rows[1], patients: patients[1], seed: seed)
    proxyA = ProxyADistance(rows[0], patients: patients[0], rows[1], patients: patients[1], draws: draws, seed: seed)
  }
}
