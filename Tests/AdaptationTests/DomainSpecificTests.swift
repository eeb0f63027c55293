import Adaptation
import Cohorts
import Files
import Foundation
import Graphs
import ModelFiles
import Normalization
import Testing

@Suite("Domain-specific normalization: one network, a norm pack for each scanner")
struct DomainSpecificTests {
  private let alpha: StripesCohort
  private let beta: StripesCohort
  private let gamma: StripesCohort
  private let source: Model
  private let quick = TrainingConfiguration(epochs: 3, batchSize: 6, learningRate: 1e-2, seed: 7)

  init() throws {
    alpha = try StripesCohort(patients: 8, scanner: "alpha")
    beta = try StripesCohort(patients: 6, scanner: "beta", gain: 0.4, offset: 120, seed: 2)
    gamma = try StripesCohort(patients: 6, scanner: "gamma", gain: 0.6, offset: 20, seed: 3)
    source = try StripesCohort.model()
  }

  private var both: Cohort {
    Cohort(records: alpha.cohort.records + beta.cohort.records, patientIdentity: .declaredColumn("patient"), source: "both")
  }

  private func train(_ strategy: DomainSpecific = DomainSpecific(), threads: Int? = nil) throws -> AdaptationRun.Result {
    try AdaptationRun(strategy, training: quick, budget: ComputeBudget(threads: threads))
      .adapt(source, to: both.allForFitting(Ledger()), loader: StripesCohort.loader)
  }

  private var predictor: Predictor { Predictor(loader: StripesCohort.loader) }

  @Test("Every batch is one scanner's, every scan comes once, and a single last scan is left out")
  func order() {
    let scanners = [0, 1, 0, 0, 1, 1, 2, 0, 0, 2, 1, 0, 0]
    for epoch in 0..<20 {
      let batches = EpochOrder(scanners: scanners, batchSize: 3, seed: 5, epoch: epoch, dropsSingle: true).batches
      #expect(batches.allSatisfy { batch in Set(batch.map { scanners[$0] }).count == 1 && batch.count > 1 })
      // Seven scans of scanner 0 and four of scanner 1 leave one over each.
      #expect(batches.flatMap(\.self).count == 6 + 3 + 2 && Set(batches.flatMap(\.self)).count == 11)
      #expect(batches == EpochOrder(scanners: scanners, batchSize: 3, seed: 5, epoch: epoch, dropsSingle: true).batches)
    }
    let orders = (0..<20).map { EpochOrder(scanners: scanners, batchSize: 3, seed: 5, epoch: $0, dropsSingle: true).batches }
    #expect(Set(orders).count == 20)
    #expect(Set(orders.map { scanners[$0[0][0]] }) == [0, 1, 2])
  }

  @Test("Each scanner's pack holds the statistics that recalibrating the trained network on its scans alone gives")
  func statistics() throws {
    let result = try train(DomainSpecific(affine: .shared))
    let packs = try #require(result.packs)
    #expect(packs.packs.map(\.scanner) == ["alpha", "beta"])
    for (scanner, cohort) in [("alpha", alpha), ("beta", beta)] {
      // The pooled model differs from it in statistics only.
      let alone = try AdaptationRun(RecalibratedModel()).adapt(result.model, to: cohort.training(), loader: StripesCohort.loader).model
      let pack = try #require(packs[ScannerID(scanner)]).applied(to: result.model)
      #expect(pack.parameters.differing(from: alone.parameters).isEmpty, "\(scanner)")
      #expect(
        pack.parameters.differing(from: result.model.parameters)
          == Set(pack.parameters.declarations.filter { $0.role == .buffer }.map(\.id)))
    }
  }

  @Test("Own gamma and beta differ between scanners, the model has their mean, everything else is shared")
  func own() throws {
    let result = try train()
    let packs = try #require(result.packs)
    let (a, b) = (try packs.packs[0].applied(to: result.model).parameters, try packs.packs[1].applied(to: result.model).parameters)
    let moved = a.differing(from: b)
    #expect(moved == Set(a.declarations.filter { $0.role == .affine || $0.role == .buffer }.map(\.id)))
    for id in moved where id.field == "weight" {
      for index in 0..<a[id].count {
        let mean = (Double(a[id][index]) + Double(b[id][index])) / 2
        #expect(result.model.parameters[id][index] == Float(mean))
      }
    }
    #expect(result.model.parameters.differing(from: source.parameters).count == source.parameters.ids.count)
    // Both scanners' gamma and beta are counted, everything else once.
    let affine = moved.filter { !$0.field.hasPrefix("running") }.reduce(0) { $0 + a[$1].count }
    #expect(result.report.trainedParameters == source.graph.parameterCounts.trainable + affine && result.report.trainedShare == 1)
  }

  @Test("Frozen convolutions keep their bits, and each scanner's gamma and beta train all the same")
  func frozen() throws {
    let result = try train(DomainSpecific(trainsWeights: false, head: .keep))
    let moved = result.model.parameters.differing(from: source.parameters)
    #expect(moved == Set(source.parameters.declarations.filter { $0.role == .affine || $0.role == .buffer }.map(\.id)))
    #expect(result.model.backboneHash == source.backboneHash)
  }

  @Test("The same bits at any number of threads, and again", arguments: [DomainSpecific(), DomainSpecific(affine: .shared)])
  func determinism(_ strategy: DomainSpecific) throws {
    let first = try train(strategy, threads: 1)
    for threads in [1, 2, 3] {
      let again = try train(strategy, threads: threads)
      #expect(again.model.parameters.fingerprint == first.model.parameters.fingerprint)
      #expect(again.packs?.packs == first.packs?.packs)
    }
  }

  @Test("Stopped at any step and taken up again, it ends with the same bits", arguments: [1, 4, 8, 13])
  func resumption(steps: Int) throws {
    let file = alpha.folder + "/run.checkpoint"
    let run = AdaptationRun(DomainSpecific(), training: quick)
    let stop = StopAfter(steps)
    #expect(throws: Interrupted.self) {
      try run.adapt(
        source, to: both.allForFitting(Ledger()), loader: StripesCohort.loader, checkpoint: file,
        observer: TrainingObserver(shouldStop: { stop.isDue }))
    }
    let resumed = try run.adapt(source, to: both.allForFitting(Ledger()), loader: StripesCohort.loader, checkpoint: file)
    let whole = try train()
    #expect(resumed.model.parameters.fingerprint == whole.model.parameters.fingerprint)
    #expect(resumed.packs?.packs == whole.packs?.packs && resumed.metrics == whole.metrics)
  }

  @Test("Each scan is answered with its scanner's pack, in the order asked")
  func prediction() throws {
    let result = try train()
    let mixed = zip(alpha.cohort.records, beta.cohort.records).flatMap { [$0, $1] }
    let answers = try predictor.predict(result.adapted, on: mixed)
    #expect(answers.records == mixed && answers.packs == ["alpha": "pack alpha", "beta": "pack beta"])
    for (index, record) in mixed.enumerated() {
      let model = try #require(result.packs?[record.scanner]).applied(to: result.model)
      #expect(try predictor.predict(model, on: [record]).logits[0] == answers.logits[index])
    }
  }

  @Test("After a scanner is added to the folder with few labels, the old scanners' answers from files are the same bit for bit")
  func addingScanner() throws {
    let folder = alpha.folder + "/run"
    try Folder.create("\(folder)/packs")
    let result = try train()
    try ModelWriter.write(result.model, to: "\(folder)/model.safetensors")
    for pack in try #require(result.packs).packs { try pack.write(to: "\(folder)/packs/\(pack.fileName)") }
    func fromFiles() throws -> AdaptedModel {
      AdaptedModel(try ModelLoader.load("\(folder)/model.safetensors").model, packs: try NormPackBank(folder: "\(folder)/packs"))
    }
    let before = try predictor.predict(fromFiles(), on: both.records)
    let modelBytes = try FileContents.read("\(folder)/model.safetensors")

    let few = gamma.cohort.filtered { ["p0", "p1", "p2"].contains($0.patient.rawValue) }
    let added = try BatchAdaptation(AdaptationRun(NormalizationOnly(), training: quick), gate: nil).adapt(
      try ModelLoader.load("\(folder)/model.safetensors").model, to: [FolderJob(name: "gamma") { few }], output: "\(folder)/packs",
      loader: StripesCohort.loader, since: "now")
    #expect(added.outcomes.map(\.path) == ["gamma\(NormPack.fileSuffix)"])

    let after = try fromFiles()
    #expect(after.packs?.packs.map(\.scanner) == ["alpha", "beta", "gamma"])
    let again = try predictor.predict(after, on: both.records)
    #expect(again.logits == before.logits && again.predictions == before.predictions)
    #expect(try FileContents.read("\(folder)/model.safetensors") == modelBytes)
    // And the new one is used for its own.
    let own = try predictor.predict(after, on: gamma.cohort.records)
    #expect(own.packs == ["gamma": "pack gamma"])
    #expect(try own.logits != predictor.predict(after.model, on: gamma.cohort.records).logits)
  }

  @Test("A scanner without labels gets statistics and the mean gamma and beta; one with a single labelled scan is refused")
  func fewLabels() throws {
    let silent = try StripesCohort(patients: 6, scanner: "beta", gain: 0.4, offset: 120, seed: 2, labelled: false)
    let unlabelled = Cohort(
      records: alpha.cohort.records + silent.cohort.records, patientIdentity: .declaredColumn("patient"), source: "both")
    let result = try AdaptationRun(DomainSpecific(), training: quick)
      .adapt(source, to: unlabelled.allForFitting(Ledger()), loader: StripesCohort.loader)
    let packs = try #require(result.packs)
    let (a, b) = (try packs.packs[0].applied(to: result.model).parameters, try packs.packs[1].applied(to: result.model).parameters)
    #expect(a.differing(from: b) == Set(a.declarations.filter { $0.role == .buffer }.map(\.id)))

    let single = Cohort(
      records: alpha.cohort.records + beta.cohort.records.prefix(1), patientIdentity: .declaredColumn("patient"), source: "both")
    #expect(throws: TrainingError.singleScan(scanner: "beta", batchSize: 6)) {
      try AdaptationRun(DomainSpecific(), training: quick)
        .adapt(source, to: single.allForFitting(Ledger()), loader: StripesCohort.loader)
    }
    var stopping = quick
    stopping.earlyStopping = EarlyStopping(patience: 1)
    #expect(throws: TrainingError.earlyStoppingOfScanners) {
      try AdaptationRun(DomainSpecific(), training: stopping)
        .adapt(source, to: both.allForFitting(Ledger()), loader: StripesCohort.loader)
    }
    let cohort = both
    #expect(throws: BatchError.severalScannersAtOnce(strategy: "domain-specific")) {
      try BatchAdaptation(AdaptationRun(DomainSpecific(), training: quick)).adapt(
        source, to: [FolderJob(name: "a") { cohort }], output: alpha.folder + "/batch", loader: StripesCohort.loader, since: "now")
    }
  }
}
