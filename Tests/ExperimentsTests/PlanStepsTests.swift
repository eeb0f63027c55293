import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import Imaging
import ModelFiles
import Testing

@Suite("Plan, run, gather: folds by themselves") struct PlanStepsTests {
  private static let files = ["evaluation.json", "predictions.csv", "metrics.csv", "folds.csv", "ledger.csv"]
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy() }

  private func validation(
    _ names: [String] = ["recalibrate", "linear-probe"], changing change: (inout ExperimentConfiguration) -> Void = { _ in }
  ) throws -> CrossValidation {
    try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(names), sources: ["alpha"], changing: change)
  }

  @Test("Folds run one by one, backwards and each from a plan of its own, leave the bytes of one run; unfinished ones are refused or said")
  func steps() throws {
    let whole = try study.runFolder("whole")
    let parts = try study.runFolder("parts")
    let full: (inout ExperimentConfiguration) -> Void = {
      $0.nesting = Nesting(innerFolds: 2, learningRates: [0.01, 0.1], threshold: .youden)
      ($0.probesShortcuts, $0.comparesTransductive, $0.seeds) = (true, true, 2)
    }
    let outcome = try validation(changing: full).run(on: study.cohort, in: whole)
    #expect(try validation(changing: full).plan(on: study.cohort, in: parts).folds.count == 2)
    #expect(try FileContents.read("\(parts.path)/folds.csv") == FileContents.read("\(whole.path)/folds.csv"))

    let none = try validation(changing: full).plan(on: study.cohort, in: parts)
    #expect(throws: ExperimentError.noFoldFinished(folder: parts.path)) { try none.gather(none.kept(), allowingIncomplete: true) }
    _ = try validation(changing: full).plan(on: study.cohort, in: parts).run(fold: 1)
    let half = try validation(changing: full).plan(on: study.cohort, in: parts)
    let missing = ["within-scanner, repetition 1, fold 1"]
    #expect(throws: ExperimentError.incomplete(missing: missing, of: 2, folder: parts.path)) { try half.gather(half.kept()) }
    let incomplete = try half.gather(half.kept(), allowingIncomplete: true).result
    #expect(incomplete.findings.contains(.incompleteFolds(finished: 1, planned: 2)) && incomplete.folds.map(\.name) == ["2"])

    _ = try validation(changing: full).plan(on: study.cohort, in: parts).run(fold: 0)
    let gathered = try validation(changing: full).plan(on: study.cohort, in: parts)
    #expect(try gathered.gather(gathered.kept()).result == outcome.result)
    for file in Self.files {
      #expect(try FileContents.read("\(whole.path)/\(file)") == FileContents.read("\(parts.path)/\(file)"), "\(file)")
    }
    #expect(throws: ExperimentError.noFold(number: 3, of: 2)) { try gathered.run(fold: 2) }
  }

  @Test("Inner folds choose by training patients only: the ledger shows it, and 'chosen-inside' is the chosen row's own answers")
  func nested() throws {
    let ledger = Ledger()
    let outcome = try validation {
      $0.nesting = Nesting(innerFolds: 2, learningRates: [1e-4, 0.1], threshold: .youden)
    }.run(on: study.cohort, ledger: ledger)
    let conduct = try #require(outcome.result.conduct)
    #expect(conduct.selection == .inside(innerFolds: 2, of: 4) && conduct.choices.count == 2)
    #expect(!outcome.result.findings.contains { if case .bestIsOptimistic = $0 { true } else { false } })
    for (record, choice) in zip(outcome.records, conduct.choices) {
      let chosen = try #require(choice.chosen)
      #expect(record["chosen-inside"]?.chosenStrategy == chosen.strategy)
      #expect(record["chosen-inside"]?.predictions == record[chosen.strategy]?.predictions)
      let best = choice.scores.compactMap(\.score).max()
      #expect(choice.scores.first { $0.candidate == chosen }?.score == best)
      // The rate of the row is the best of its own two.
      let rates = choice.scores.filter { $0.candidate.strategy == "linear-probe" }
      #expect(rates.map(\.candidate.learningRate) == [1e-4, 0.1])
      #expect(rates.first { $0.candidate.learningRate == record["linear-probe"]?.learningRate }?.score == rates.compactMap(\.score).max())
      let entries = ledger.entries.filter { $0.fold.outer == record.fold }
      let tested = Set(entries.filter { $0.use == .test }.map(\.patient))
      let inside = entries.filter { $0.fold.inner != nil }
      #expect(inside.contains { $0.use == .selection } && tested.isDisjoint(with: inside.map(\.patient)))
      #expect(record.inner.allSatisfy { result in result.predictions.allSatisfy { !tested.contains(PatientID($0.patient)) } })
      guard case .validation(let patients, _) = record["source"]?.threshold?.origin else {
        Issue.record("no threshold from inner folds")
        continue
      }
      #expect(patients == record.trainingPatients)
    }
    #expect(conduct.thresholds.map(\.strategy) == ["source", "recalibrate", "linear-probe", "chosen-inside"])
    #expect(throws: ExperimentError.nestingNeedsLabels(.unlabelledScanner)) {
      try PhantomStudy.validation(.unlabelledScanner, PhantomStudy.strategies(["recalibrate"])) { $0.nesting = Nesting(innerFolds: 2) }
        .run(on: study.cohort)
    }
  }

  @Test("Without inner folds the best of several is marked optimistic; one alone is not")
  func optimism() throws {
    let several = try validation().run(on: study.cohort).result
    guard case .optimistic(let best, 2) = several.conduct?.selection else {
      Issue.record("not marked")
      return
    }
    #expect(several.findings.contains(.bestIsOptimistic(strategy: best, count: 2)))
    #expect(try validation(["recalibrate"]).run(on: study.cohort).result.conduct?.selection == EvaluationConduct.Selection.none)
  }

  @Test("A transductive row stands beside the inductive one, is marked, and has the transductive protocol's answers")
  func transductive() throws {
    let both = try validation(["recalibrate"]) { $0.comparesTransductive = true }.run(on: study.cohort)
    let alone = try PhantomStudy.validation(.transductive, PhantomStudy.strategies(["recalibrate"]), sources: ["alpha"]).run(
      on: study.cohort)
    #expect(both.predictions("recalibrate-transductive") == alone.predictions("recalibrate"))
    #expect(both.predictions("recalibrate") == (try validation(["recalibrate"]).run(on: study.cohort)).predictions("recalibrate"))
    #expect(both.result["recalibrate-transductive"]?.isTransductive == true && both.result["recalibrate"]?.isTransductive == false)
    #expect(both.result.findings.contains(.transductiveRows(["recalibrate-transductive"])))
    #expect(both.result.conduct?.ledger.isClean == true)
    #expect(throws: ExperimentError.self) { try validation(["full"]) { $0.comparesTransductive = true }.run(on: study.cohort) }
  }

  @Test("Several seeds train the same folds again; several permutations are repetitions with labels of their own")
  func seeds() throws {
    let outcome = try validation(["full"]) { $0.seeds = 3 }.run(on: study.cohort)
    let variance = try #require(outcome.result["full"]?.primary?.overSeeds)
    #expect(outcome.result.strategies.map(\.name) == ["source", "full"])
    #expect(variance.values.count == 3 && outcome.result.conduct?.permutations == nil)
    #expect(outcome.predictions("full") != outcome.predictions("full@1") && outcome.predictions("full@1") != outcome.predictions("full@2"))

    let permuted = try validation(["recalibrate"]) { ($0.permutesLabels, $0.seeds) = (true, 3) }.run(on: study.cohort)
    #expect(permuted.records.count == 6 && permuted.result.header.repetitions == 3 && permuted.result.header.labelsPermuted)
    #expect(permuted.result.conduct?.permutations?.map(\.values.count) == [3, 3])
    #expect(permuted.result.conduct?.permutations?.allSatisfy { $0.mean != nil && $0.standardError != nil } == true)
    func labels(_ repetition: Int) -> [String: Int?] {
      let predictions = permuted.records.filter { $0.fold.repetition == repetition }.flatMap { $0["source"]?.predictions ?? [] }
      return Dictionary(uniqueKeysWithValues: predictions.map { ($0.scan, $0.label) })
    }
    #expect(labels(0) != labels(1) && labels(0).count == labels(1).count)
  }

  @Test("Brightness that goes with the label is found by the shortcut probe, and the network isn't called better than it")
  func shortcut() throws {
    let study = try PhantomStudy(scanners: [.beta], patients: 24, scansPerPatient: 1)
    for record in study.onBeta where record.label == "lesion" {
      let image = try PNGReader.decode(contentsOf: record.absolutePath)
      let darker = GrayImage(width: image.width, height: image.height, bitDepth: image.bitDepth, samples: image.samples.map { $0 / 4 })
      try AtomicFile.write(PNGWriter.encode(darker), to: record.absolutePath)
    }
    let outcome = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate"])) { $0.probesShortcuts = true }
      .run(on: study.cohort)
    let shortcut = try #require(outcome.result.conduct?.shortcut)
    #expect(shortcut.probe?.value == 1 && shortcut.isClose)
    #expect(outcome.result.findings.contains { if case .shortcutProbe(_, _, _, true) = $0 { true } else { false } })
    #expect(outcome.records.allSatisfy { $0.shortcut?.predictions.map(\.scan) == $0["source"]?.predictions.map(\.scan) })
  }

  @Test("Patients whom others fitted the model on are a leak where scored; a list that names none of them makes the patients known")
  func outsiders() throws {
    func result(_ outsiders: [PatientID]?) throws -> EvaluationResult {
      var made = try PhantomStudy.validation(
        .withinScanner, PhantomStudy.strategies(["recalibrate"]), model: PhantomStudy.model(fittedPatients: .unknown))
      made.outsiders = outsiders
      return try made.run(on: study.cohort).result
    }
    let scored = study.onBeta[0].patient
    #expect(try result(nil).findings.contains(.sourcePatientsUnknown))
    let leaking = try result([scored, "stranger"])
    #expect(leaking.hasLeak && leaking.header.sourcePatients == .known(count: 2, heldOut: 1))
    let known = try result(["stranger"])
    #expect(!known.hasLeak && known.header.sourcePatients == .known(count: 1, heldOut: 0))
    #expect(!known.findings.contains(.sourcePatientsUnknown))
  }

  @Test("The check at gathering finds a planted use of a scored patient, and a prediction that is no test scan's")
  func plantedLeak() throws {
    let planned = try validation(["recalibrate"]).plan(on: study.cohort)
    let records = try [0, 1].map { try planned.run(fold: $0) }
    let clean = try planned.gather(records).result
    #expect(clean.conduct?.ledger.isClean == true && !clean.hasLeak)
    #expect(clean.conduct?.ledger.scoredPatients == study.cohort.patients.count)

    var leaking = records
    let training = try #require(leaking[0].ledger.firstIndex { $0.use == .training })
    let test = try #require(leaking[0].ledger.first { $0.use == .test })
    leaking[0].ledger[training].scans.append(test.scans[0])
    leaking[0].ledger[training].patients.append(test.patients[0])
    leaking[0].ledger[training].scanners.append(test.scanners[0])
    let found = try planned.gather(leaking).result
    #expect(found.hasLeak && found.conduct?.ledger.leaks == 1)
    #expect(found.findings.contains(.patientOnBothSides(fold: "1", patient: test.patients[0].rawValue)))

    var beside = records
    beside[0].ledger.removeAll { $0.use == .test }
    #expect(try planned.gather(beside).result.hasLeak)
  }

  @Test("Sites, dates and files of folds are run as asked; the ledger holds only what was fitted on")
  func divisions() throws {
    let records = study.cohort.records.map { record in
      let isOdd = record.patient.rawValue.last.map { "13579".contains($0) } ?? false
      return ScanRecord(
        id: record.id, patient: record.patient, scanner: record.scanner, label: record.label, path: record.path,
        absolutePath: record.absolutePath, site: isOdd ? "north" : "south", date: isOdd ? "2024-01-05" : "20240301")
    }
    let cohort = study.cohort(of: records)
    let date = try #require(ScanDate("2024-02-01"))
    for (division, names) in [(FoldDivision.sites, ["north", "south"]), (.date(date), ["from 2024-02-01"])] {
      let ledger = Ledger()
      let outcome = try validation(["recalibrate"]) { $0.division = division }.run(on: cohort, ledger: ledger)
      #expect(outcome.records.map(\.fold.fold) == names && outcome.result.conduct?.division == division.sentence)
      #expect(ledger.entries.filter { $0.use == .training }.allSatisfy { $0.scanner == "beta" })
      #expect(outcome.result.conduct?.ledger.isClean == true)
    }
    #expect(throws: ExperimentError.self) {
      try PhantomStudy.validation(.unseenScanner, PhantomStudy.strategies(["recalibrate"])) { $0.division = .sites }.run(on: cohort)
    }
    let ledger = Ledger()
    _ = try PhantomStudy.validation(.unseenScanner, PhantomStudy.strategies(["recalibrate"])).run(on: cohort, ledger: ledger)
    #expect(Set(ledger.entries.map(\.fold.fold)) == ["beta"])
  }
}
