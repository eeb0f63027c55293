import Adaptation
import ArgumentParser
import Cohorts
import Engine
import Evaluation
import Files
import ModelFiles
import Normalization
import Reports

/// `scanadapt predict`: a model's answers for scans that need neither labels nor patients.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Write a model's probabilities for scans, with the norm pack of each scan's scanner.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var scans: ScanOptions
  @OptionGroup var compute: ComputeOptions

  @Option(help: "A folder of norm packs, one per scanner.")
  var packs: String?

  @Option(help: "For a scanner without a pack: nearestStatistics, mixture, source or refuse.")
  var unknownScanner: UnknownScannerPolicy = .refuse

  @Option(name: .customLong("out"), help: "A CSV file for the answers; stdout unless given.")
  var output: String?

  @Option(help: "A CSV file for the feature vectors.")
  var features: String?

  func run() throws {
    let model = try model.load()
    let cohort = try scans.load(needsPatients: false)
    try LabelNotes.check(scans.labelMappings, against: model)
    LabelNotes.note(try LabelVocabulary(model.card.labels).strays(of: cohort.records), "its answers are of its own labels")
    let predictor = Predictor(loader: try compute.loader(for: model), budget: compute.budget)
    let adapted = AdaptedModel(model, packs: try packs.map { try NormPackBank(folder: $0) }, unknownScanner: unknownScanner)
    var table = PredictionTable(labels: model.card.labels)
    var unreadable = cohort.unavailable.map(UnreadableScan.init)
    for scanner in cohort.scanners {
      let records = cohort.restricted(toScanner: scanner).records
      let (model, choice) = try adapted.chosen(for: scanner, scans: records, by: predictor)
      if let note = choice?.note(for: scanner) { Terminal.note(note) }
      let statistics = choice?.words ?? "model"
      switch model.card.output {
      case .softmax:
        let answers = try predictor.predict(model, on: records, labels: .whereKnown, withFeatures: features != nil)
        table.add(answers, statistics: statistics)
        unreadable += answers.unreadable
      case .sigmoid:
        let answers = try predictor.predictFindings(model, on: records, labels: .whereKnown, withFeatures: features != nil)
        table.add(answers, statistics: statistics)
        unreadable += answers.unreadable
      }
    }
    if let output { try AtomicFile.write(table.csv, to: output) } else { Terminal.result(String(table.csv.dropLast())) }
    if let features { try AtomicFile.write(table.featuresCSV, to: features) }
    FailureList(unreadable).print()
    try Outcome(hasFailures: !unreadable.isEmpty).finish()
  }
}

extension NormPackBank.Choice {
  /// What a person should know about a scanner without a pack; nil for one with.
  fileprivate func note(for scanner: ScannerID) -> String? {
    switch self {
    case .pack: nil
    case .nearest(let pack, let distance): "\(scanner): no pack; the nearest is \(pack.scanner)'s (symmetric KL \(distance))"
    case .mixture: "\(scanner): no pack; statistics mixed over the packs (\(words))"
    case .source: "\(scanner): no pack; the model's own statistics are used"
    }
  }
}

extension UnknownScannerPolicy: ExpressibleByArgument {}
