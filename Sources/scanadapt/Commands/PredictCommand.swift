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

  @Option(help: "For a scanner without a pack: nearestStatistics, source or refuse.")
  var unknownScanner: UnknownScannerPolicy = .refuse

  @Option(name: .customLong("out"), help: "A CSV file for the answers; stdout unless given.")
  var output: String?

  @Option(help: "A CSV file for the feature vectors.")
  var features: String?

  func run() throws {
    let model = try model.load()
    let cohort = try scans.load(needsPatients: false)
    let predictor = Predictor(loader: try compute.loader(for: model), budget: compute.budget)
    let bank = try packs.map { try NormPackBank(folder: $0) }
    var table = PredictionTable(labels: model.card.labels)
    var unreadable = cohort.unavailable.map(UnreadableScan.init)
    for scanner in cohort.scanners {
      let records = cohort.restricted(toScanner: scanner).records
      let (adapted, statistics) = try chosen(model, bank, scanner, records, predictor)
      let answers = try predictor.predict(adapted, on: records, labels: .whereKnown, withFeatures: features != nil)
      table.add(answers, statistics: statistics)
      unreadable += answers.unreadable
    }
    if let output { try AtomicFile.write(table.csv, to: output) } else { Terminal.result(String(table.csv.dropLast())) }
    if let features { try AtomicFile.write(table.featuresCSV, to: features) }
    FailureList(unreadable).print()
    try Outcome(hasFailures: !unreadable.isEmpty).finish()
  }

  /// The model with the pack for a scanner, and what was chosen, in words.
  private func chosen(
    _ model: Model, _ bank: NormPackBank?, _ scanner: ScannerID, _ records: [ScanRecord], _ predictor: Predictor
  ) throws -> (Model, statistics: String) {
    guard let bank else { return (model, "model") }
    let sample = {
      for batch in predictor.loader.batches(of: records, size: 32) { return FeatureMaps(batch.images) }
      throw RecalibrationError.noScans(listed: records.count)
    }
    let choice = try bank.choose(for: scanner, policy: unknownScanner, model: model, scans: sample, threads: compute.threads)
    switch choice {
    case .pack(let pack): return (try pack.applied(to: model), "pack \(pack.scanner)")
    case .nearest(let pack, let distance):
      Terminal.note("\(scanner): no pack; the nearest is \(pack.scanner)'s (symmetric KL \(distance))")
      return (try pack.applied(to: model), "nearest pack \(pack.scanner)")
    case .source:
      Terminal.note("\(scanner): no pack; the model's own statistics are used")
      return (model, "source")
    }
  }
}

extension UnknownScannerPolicy: ExpressibleByArgument {}
