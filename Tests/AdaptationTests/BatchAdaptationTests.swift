import Adaptation
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles
import Normalization
import Testing

/// A source model trained on scanner A, for which scanner B's gain and offset are strange.
private enum Trained {
  static let source: Result<Model, any Error> = Result {
    let scansOfA = try StripesCohort(patients: 16, scanner: "A", seed: 21)
    return try AdaptationRun(FullFineTuning(), training: TrainingConfiguration(epochs: 6, batchSize: 8, learningRate: 3e-3))
      .adapt(StripesCohort.model(), to: scansOfA.training(), loader: StripesCohort.loader).model
  }
}

@Suite struct BatchAdaptationTests {
  private let source: Model
  private let output: String
  private let batch: BatchAdaptation

  init() throws {
    source = try Trained.source.get()
    output = FileManager.default.temporaryDirectory.path + "/batch-\(UUID().uuidString)"
    batch = BatchAdaptation(
      AdaptationRun(RecalibratedModel()), gate: Gate(bootstrap: PatientBootstrap(seed: 3, resamples: 300)), folds: 3)
  }

  private func adapt(_ batch: BatchAdaptation, _ jobs: [FolderJob]) throws -> BatchSummary {
    try batch.adapt(source, to: jobs, output: output, loader: StripesCohort.loader, since: "2026-01-01")
  }

  private func job(_ name: String, _ cohort: StripesCohort) -> FolderJob {
    let read = cohort.cohort
    return FolderJob(name: name) { read }
  }

  @Test(
    "A strange scanner is adapted, a familiar one refused, an unlabelled one kept apart, a broken one fails alone; then nothing changes")
  func weekly() throws {
    defer { try? Folder.remove(output) }
    let strange = try StripesCohort(patients: 24, scanner: "strange", gain: 0.25, offset: 170, seed: 4)
    let familiar = try StripesCohort(patients: 24, scanner: "familiar", seed: 5)
    let unlabelled = try StripesCohort(patients: 24, scanner: "unlabelled", gain: 0.25, offset: 170, seed: 6, labelled: false)
    let jobs = [
      job("strange", strange), FolderJob(name: "broken") { throw BatchError.noFolders }, job("familiar", familiar),
      job("unlabelled", unlabelled),
    ]
    let first = try adapt(batch, jobs)
    #expect(first.outcomes.map(\.action) == [.replaced, .failed, .refused, .keptApart], "\(first.outcomes.map(\.outcome))")
    #expect(first.outcomes.map { $0.outcome?.decision } == [.accepted, nil, .refused, .unverified])
    #expect(first.hasFailures && first.hasRefusals)
    #expect(try NormPackBank(folder: output).packs.map(\.scanner) == [ScannerID("strange")])
    #expect(try NormPackBank(folder: output + "/unverified").packs.map(\.scanner) == [ScannerID("unlabelled")])
    let rows = try String(decoding: FileContents.read(output + "/summary.csv"), as: UTF8.self).split(separator: "\n")
    #expect(rows.count == 5 && rows[0].hasPrefix("format,folder,scanner,action"))

    let second = try adapt(batch, jobs)
    #expect(second.outcomes.map(\.action) == [.unchanged, .failed, .unchanged, .unchanged])
    #expect(second.hasRefusals, "a refusal stays one while nothing changes")
    #expect(try !adapt(batch, [jobs[0], jobs[3]]).hasRefusals)

    // A pack that isn't what was written, and a folder whose acceptance is decided otherwise, are done again; the lowest bit of one value
    // is a small change since last week.
    let file = output + "/" + first.outcomes[0].path!
    var bytes = try FileContents.read(file)
    bytes[bytes.count - 4] ^= 1
    try AtomicFile.write(bytes, to: file)
    var accepting = batch
    accepting.acceptsUnverified = true
    let third = try adapt(accepting, [jobs[0], jobs[3]])
    #expect(third.outcomes.map(\.action) == [.replaced, .replaced])
    #expect(try #require(third.outcomes[0].changeSinceLast) < 1e-6)
    #expect(try NormPackBank(folder: output).packs.map(\.scanner) == [ScannerID("strange"), ScannerID("unlabelled")])
    #expect(try Folder.names(in: output + "/unverified").isEmpty, "what was kept apart is in place now")
  }

  @Test("What was kept apart is gone once a later run refuses it; what is in place stays")
  func refusedLater() throws {
    defer { try? Folder.remove(output) }
    let unlabelled = try StripesCohort(patients: 24, scanner: "unlabelled", gain: 0.25, offset: 170, seed: 6, labelled: false)
    var ungated = batch
    ungated.gate = nil
    let inPlace = try #require(try adapt(ungated, [job("unlabelled", unlabelled)]).outcomes[0].path)
    #expect(try adapt(batch, [job("unlabelled", unlabelled)]).outcomes[0].action == .keptApart)
    #expect(try Folder.names(in: output + "/unverified") == [inPlace])
    var strict = batch
    strict.gate?.unlabelled.minimumPatients = 100
    #expect(try adapt(strict, [job("unlabelled", unlabelled)]).outcomes[0].action == .refused)
    #expect(try Folder.names(in: output + "/unverified").isEmpty)
    #expect(try Folder.names(in: output).contains(inPlace))
  }

  @Test("An adaptation that nobody judges is put in place; one that what is in place beats is refused")
  func inPlace() throws {
    defer { try? Folder.remove(output) }
    let strange = try StripesCohort(patients: 40, scanner: "strange", gain: 0.25, offset: 170, seed: 4)
    var ungated = batch
    ungated.gate = nil
    #expect(try adapt(ungated, [job("strange", strange)]).outcomes.map { $0.outcome?.decision } == [.notJudged])
    // Nearly the source: better than the source, and worse than what is in place.
    var timid = batch
    timid.run = AdaptationRun(RecalibratedModel(blend: .fixed(sourceWeight: 0.9)))
    let outcome = try #require(try adapt(timid, [job("strange", strange)]).outcomes[0].outcome)
    #expect(outcome.decision == .refused, "\(outcome)")
  }

  @Test("A second run meanwhile is refused and told who holds the lock")
  func lock() throws {
    defer { try? Folder.remove(output) }
    try Folder.create(output)
    let cohort = try StripesCohort(patients: 4)
    try withFileLock(output + "/.lock", since: "noon") {
      let error = #expect(throws: FileLockError.self) { try adapt(batch, [job("B", cohort)]) }
      guard case .held(_, let holder)? = error else { return }
      #expect(holder?.since == "noon")
    }
  }

  @Test("One scanner in two folders, several in one, and names that aren't file names are refused")
  func names() throws {
    defer { try? Folder.remove(output) }
    let cohort = try StripesCohort(patients: 4, labelled: false)
    let twice = try adapt(batch, [job("one", cohort), job("two", cohort)])
    #expect(twice.outcomes.map(\.action) == [.refused, .failed], "four patients are too few")
    #expect(throws: BatchError.unusableName("../up")) { try adapt(batch, [job("../up", cohort)]) }
    #expect(throws: BatchError.repeatedName("x")) { try adapt(batch, [job("x", cohort), job("x", cohort)]) }
    #expect(throws: BatchError.noFolders) { try adapt(batch, []) }
  }

  @Test("A strategy that trains weights leaves a whole model, one that trains gamma and beta a pack")
  func artefacts() throws {
    defer { try? Folder.remove(output) }
    let strange = try StripesCohort(patients: 24, scanner: "strange", gain: 0.25, offset: 170, seed: 4)
    let quick = TrainingConfiguration(epochs: 2, batchSize: 8, learningRate: 1e-3)
    let full = BatchAdaptation(AdaptationRun(FullFineTuning(), training: quick), gate: batch.gate, folds: 2)
    let affine = BatchAdaptation(AdaptationRun(NormalizationOnly(), training: quick), gate: batch.gate, folds: 2)
    #expect(try adapt(full, [job("strange", strange)]).outcomes[0].path == "strange.model.safetensors")
    #expect(try adapt(affine, [job("strange", strange)]).outcomes[0].path == "strange.normpack.safetensors")
    #expect(try !Folder.names(in: output).contains("strange.model.safetensors"), "the pack takes the model's place")
  }
}
