import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import Testing

@Suite("Evaluating several findings a scan")
struct FindingsEvaluationTests {
  private let phantom: PhantomExperiment
  private let cohort: Cohort

  /// "lesion" is known everywhere; "bright", of every second patient, in three scans of four.
  init() throws {
    phantom = try PhantomExperiment()
    let records = phantom.cohort.records.enumerated().map { index, record in
      var findings = ["lesion": record.label == "lesion"]
      if index % 4 != 3 { findings["bright"] = record.patient.rawValue.utf8.reduce(0) { $0 + Int($1) } % 2 == 0 }
      return ScanRecord(
        patient: record.patient, scanner: record.scanner, findings: findings, path: record.path, absolutePath: record.absolutePath)
    }
    cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"))
  }

  private func evaluation(
    _ change: (inout ExperimentConfiguration) -> Void = { _ in }, threads: Int = 2, strategies: [ExperimentStrategy]? = nil
  )
    -> FindingsEvaluation
  {
    var configuration = ExperimentConfiguration(
      targetScanners: ["beta"], folds: 2, seed: 4, bootstrap: PatientBootstrap(seed: 4, resamples: 200),
      rule: VerdictRule(minimumPatients: 8, minimumPatientsPerClass: 3))
    change(&configuration)
    return FindingsEvaluation(
      configuration, model: phantom.model, named: "phantom.safetensors",
      strategies: strategies ?? [ExperimentStrategy(LinearProbe(), training: PhantomExperiment.quick)], loader: phantom.experiment().loader,
      budget: ComputeBudget(threads: threads), pseudonyms: PhantomExperiment.key)
  }

  @Test("Each held-out scan is answered once, findings are counted and scored where they are known, and the mean is that of its findings")
  func scores() throws {
    let ledger = Ledger()
    let result = try evaluation().run(on: cohort, ledger: ledger)
    #expect(ledger.leaks().isEmpty && !result.hasLeak && result.findings == ["bright", "lesion"])
    let beta = cohort.records.filter { $0.scanner == "beta" }
    #expect(result.scans == beta.count && result.counts.map(\.unknown) == [beta.count { $0.findings["bright"] == nil }, 0])
    #expect(result.counts[1].present == beta.count { $0.findings["lesion"] == true })
    #expect(result.strategies.map(\.name) == ["source", "linear-probe"] && result.baseline == .linearProbeOnSourceStatistics)
    for strategy in result.strategies {
      let score = try #require(strategy.scores.first)
      let each = score.byFinding.compactMap { $0?.value }
      let macro = try #require(score.macro)
      #expect(score.metric == .auroc && each.count == 2 && abs(macro.value - (each[0] + each[1]) / 2) < 1e-12)
      #expect(macro.interval?.contains(macro.value) == true)
    }
    let difference = try #require(result.strategies[1].difference)
    let values = result.strategies.compactMap { $0.scores[0].macro?.value }
    #expect(abs(difference.difference - (values[1] - values[0])) < 1e-12 && result.strategies[1].verdict != nil)

    let lines = result.predictions.split(separator: "\n")
    #expect(lines[0] == "format,fold,strategy,scanner,scan,patient,label:bright,probability:bright,label:lesion,probability:lesion")
    #expect(lines.count == 1 + 2 * beta.count && Set(lines).count == lines.count)
    #expect(!result.predictions.contains("beta-0"))
  }

  @Test("The same bits on another number of threads; what isn't in the JSON is in no other place of it")
  func deterministic() throws {
    let (one, two) = (try evaluation(threads: 1).run(on: cohort), try evaluation(threads: 2).run(on: cohort))
    #expect(one.predictions == two.predictions)
    let read = try JSONDecoder().decode(FindingsResult.self, from: JSONEncoder().encode(one))
    #expect(read.strategies == one.strategies && read.predictions.isEmpty && read.kind == "findings")
  }

  @Test("Stopped at one question after the other and taken up each time: the same folds and result, and another run's folder is refused")
  func resumed() throws {
    let nested = { (configuration: inout ExperimentConfiguration) in
      configuration.nesting = Nesting(innerFolds: 2, learningRates: [0.001, 0.1])
    }
    let whole = try phantom.runFolder("whole")
    let expected = try evaluation(nested).run(on: cohort, in: whole)
    let folder = try phantom.runFolder("stopped")
    var stops = 0
    var result: FindingsResult?
    while result == nil {
      // Inner fits leave no checkpoint, so each time a little longer.
      let stop = StopAfter(2 + 5 * stops)
      do {
        result = try evaluation(nested).run(on: cohort, in: folder, observer: ExperimentObserver(shouldStop: { stop.isDue }))
      } catch let stopped as ExperimentStopped {
        #expect(stopped.folder == folder.path)
        stops += 1
      }
    }
    #expect(stops > 3 && result == expected && result?.predictions == expected.predictions)
    let files = try Folder.names(in: whole.path + "/folds").sorted()
    #expect(try files.count == 3 && Folder.names(in: folder.path + "/folds").sorted() == files)
    for file in files {
      #expect(try FileContents.read("\(folder.path)/folds/\(file)") == FileContents.read("\(whole.path)/folds/\(file)"), "\(file)")
    }
    #expect(throws: ExperimentError.otherRun(folder: folder.path)) { try evaluation().run(on: cohort, in: folder) }
  }

  @Test("A strategy that failed is tried again, and its fold's record is in the order of one that never failed")
  func failedBefore() throws {
    let folder = try phantom.runFolder("failed")
    let whole = try evaluation().run(on: cohort, in: folder)
    let file = folder.path + "/folds/1-1.json"
    let before = try JSONDecoder().decode(FindingsRecord.self, from: Data(try FileContents.read(file)))
    var record = before
    record.strategies[0] = .init(name: "source", failure: "out of memory")
    try AtomicFile.write([UInt8](JSONEncoder().encode(record)), to: file)
    let again = try evaluation().run(on: cohort, in: folder)
    #expect(try JSONDecoder().decode(FindingsRecord.self, from: Data(try FileContents.read(file))) == before)
    #expect(again == whole && again.predictions == whole.predictions && !again.hasFailedStrategy)
  }

  @Test("What was fitted by another choice of the inner folds is fitted again")
  func otherChoice() throws {
    let nested = { (configuration: inout ExperimentConfiguration) in
      configuration.nesting = Nesting(innerFolds: 2, learningRates: [1e-5, 0.1])
    }
    let folder = try phantom.runFolder("chosen")
    let whole = try evaluation(nested).run(on: cohort, in: folder)
    let file = folder.path + "/folds/1-1.json"
    var record = try JSONDecoder().decode(FindingsRecord.self, from: Data(try FileContents.read(file)))
    let probe = try #require(record.strategies.firstIndex { $0.name == "linear-probe" })
    // As it was when the rate now chosen had failed on the inner folds: fitted at the other one.
    let rate = record.strategies[probe].learningRate
    for index in record.inner.indices where record.inner[index].candidate.learningRate == rate {
      record.inner[index].predictions = []
      record.inner[index].failure = "out of memory"
    }
    record.strategies[probe].predictions = record.strategies[0].predictions
    try AtomicFile.write([UInt8](JSONEncoder().encode(record)), to: file)
    let again = try evaluation(nested).run(on: cohort, in: folder)
    #expect(rate != nil && again == whole && again.predictions == whole.predictions)
  }

  @Test("With inner folds too, a strategy that the model can't have, Tent with a new head, is a row that says so")
  func impossible() throws {
    let strategies = [ExperimentStrategy(LinearProbe(), training: PhantomExperiment.quick), ExperimentStrategy(EntropyMinimization())]
    let result = try evaluation({ $0.nesting = Nesting(innerFolds: 2) }, strategies: strategies).run(on: cohort)
    #expect(result.strategies.map { $0.failure == nil } == [true, true, false, true])
  }

  @Test("Inner folds choose by the mean over findings on training patients, and the row of the choice holds the chosen one's answers")
  func nested() throws {
    let result = try evaluation { $0.nesting = Nesting(innerFolds: 2, learningRates: [1e-5, 0.1]) }.run(on: cohort)
    #expect(result.strategies.map(\.name) == ["source", "linear-probe", "chosen-inside"] && !result.hasLeak)
    #expect(result.conduct.ledger.isClean && result.conduct.choices.count == 2)
    guard case .inside(innerFolds: 2, of: 3) = result.conduct.selection else {
      Issue.record("\(result.conduct.selection)")
      return
    }
    for choice in result.conduct.choices {
      let best = try #require(choice.scores.compactMap(\.score).max())
      #expect(choice.scores.first { $0.score == best }?.candidate == choice.chosen)
      func lines(_ name: String) -> [String] {
        result.predictions.split(separator: "\n").filter { $0.hasPrefix("1,\(choice.fold),\(name),") }
          .map { String($0).replacing(",\(name),", with: ",") }
      }
      let chosen = try #require(choice.chosen?.strategy)
      #expect(!lines("chosen-inside").isEmpty && lines("chosen-inside") == lines(chosen))
    }
  }

  @Test("How it was carried out counts each finding where it is, isn't and isn't known, fold by fold, and checks the ledger")
  func conduct() throws {
    let conduct = try evaluation().run(on: cohort).conduct
    let beta = cohort.records.filter { $0.scanner == "beta" }
    let with = beta.filter { $0.findings["lesion"] == true }
    let whole = conduct.composition.filter { $0.fold == nil }
    #expect(whole.map(\.label) == ["bright: present", "bright: absent", "bright: unknown", "lesion: present", "lesion: absent"])
    #expect(whole[3].patients == Set(with.map(\.patient)).count && whole[3].scans == with.count)
    let tested = conduct.composition.filter { $0.part == "test" && $0.label?.hasPrefix("lesion") == true }
    #expect(tested.map(\.scans).reduce(0, +) == beta.count)
    #expect(conduct.ledger.isClean && conduct.ledger.folds == 2)
    #expect(conduct.exclusions.map(\.scans) == [cohort.count - beta.count] && conduct.methods.count == 2)
  }

  @Test("What an evaluation of findings can't do is refused before anything runs")
  func refusals() {
    func refusal(_ change: (inout ExperimentConfiguration) -> Void) -> String {
      do {
        _ = try evaluation(change).run(on: cohort)
        return "nothing was refused"
      } catch { return "\(error)" }
    }
    #expect(refusal { $0.protocolName = .unseenScanner }.contains("found the protocol unseen-scanner"))
    #expect(refusal { $0.nesting = Nesting(innerFolds: 2, threshold: .youden) }.contains("--threshold"))
    #expect(refusal { $0.seeds = 2 }.contains("--seeds"))
    #expect(refusal { $0.permutesLabels = true }.contains("--permute-labels"))
    #expect(refusal { $0.metrics = [.sensitivityAtThreshold] }.contains("threshold"))
    #expect(refusal { $0.targetScanners = ["zeta"] }.contains("found no scanner 'zeta'"))
    #expect(refusal { $0.newHeadLabels = ["bright", "other"] }.contains("'lesion'"))
  }
}
