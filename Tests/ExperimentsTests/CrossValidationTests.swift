import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import ModelFiles
import Phantoms
import Synchronization
import Testing

@Suite("Cross-validation")
struct CrossValidationTests {
  @Test("Source and adaptations are scored on the same held-out patients, each once, with a paired difference and a verdict")
  func endToEnd() throws {
    let phantom = try PhantomExperiment()
    let ledger = Ledger()
    let folder = try phantom.runFolder()
    let outcome = try phantom.experiment().run(on: phantom.cohort, in: folder, ledger: ledger)
    let result = outcome.result
    #expect(result.strategies.map(\.name) == ["source", "recalibrate", "linear-probe", "full"])
    #expect(result.strategies.allSatisfy { $0.outcome == .evaluated })
    for strategy in result.strategies.dropFirst() {
      let difference = try #require(strategy.primary?.difference)
      #expect(difference.patients == 12 && difference.scans == 24)
      #expect(strategy.verdict != nil && strategy.primary?.gap != nil)
    }
    #expect(result.strategies.map(\.trainedParameters)[0] == 0)
    #expect((result.strategies[2].trainedParameters ?? 0) < (result.strategies[3].trainedParameters ?? 0))
    #expect(result.strategies[3].curves.allSatisfy { $0.points.count == 2 })
    for strategy in ["source", "full"] {
      let scans = outcome.records.flatMap { $0.strategies.first { $0.name == strategy }!.predictions.map(\.scan) }
      #expect(scans.count == 48 && Set(scans).count == 48)
    }
    #expect(ledger.leaks().isEmpty && !result.hasLeak)
    for name in ["run.json", "evaluation.json", "metrics.csv", "folds.csv", "predictions.csv", "ledger.csv"] {
      #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(name)"), "\(name)")
    }
    #expect(try folder.result() == result)
    let predictions = try String(contentsOfFile: "\(folder.path)/predictions.csv", encoding: .utf8)
    #expect(predictions.split(separator: "\n").count == 1 + 4 * 48)
    #expect(!predictions.contains("beta-0"), "patients are named in the clear")
  }

  @Test("A run stopped anywhere and continued ends with the bits of an uninterrupted one, on another number of threads")
  func resumed() throws {
    let phantom = try PhantomExperiment(patients: 8)
    let whole = try phantom.experiment(threads: 1).run(on: phantom.cohort).records
    let folder = try phantom.runFolder("stopped")
    let answers = Mutex(0)
    var stops = 0
    for patience in [1, 4, 7, .max] {
      answers.withLock { $0 = 0 }
      let observer = ExperimentObserver(shouldStop: {
        answers.withLock {
          $0 += 1
          return $0 > patience
        }
      })
      do {
        let records = try phantom.experiment(threads: 2).run(on: phantom.cohort, in: folder, observer: observer).records
        #expect(records == whole)
      } catch is ExperimentStopped {
        stops += 1
      }
    }
    #expect(stops == 3)
  }

  @Test("Kept folds of another run are refused: another seed, another label")
  func otherRun() throws {
    let phantom = try PhantomExperiment(patients: 6)
    let folder = try phantom.runFolder()
    let strategies = [ExperimentStrategy(RecalibratedModel())]
    _ = try phantom.experiment(strategies: strategies).run(on: phantom.cohort, in: folder)
    #expect(throws: ExperimentError.otherRun(folder: folder.path)) {
      try phantom.experiment(seed: 5, strategies: strategies).run(on: phantom.cohort, in: folder)
    }
    #expect(throws: ExperimentError.otherRun(folder: folder.path)) {
      try phantom.experiment(strategies: strategies).run(on: phantom.cohort.permutingLabels(seed: 9), in: folder)
    }
    try AtomicFile.write("{\"format\": 99}", to: "\(folder.path)/run.json")
    #expect(throws: ExperimentError.newerFile(path: "\(folder.path)/run.json", found: 99, supported: 1)) {
      try RunFolder.open(folder.path)
    }
  }

  @Test("Each protocol takes only what it may: leave-one-scanner-out, unlabelled and transductive runs, labelled as such")
  func protocols() throws {
    let phantom = try PhantomExperiment(patients: 8)
    for name in [EvaluationProtocol.unseenScanner, .unlabelledScanner, .transductive] {
      let ledger = Ledger()
      let sources = name == .unseenScanner ? [] : ["alpha"]
      let outcome = try phantom.experiment(name, sources: sources).run(on: phantom.cohort, ledger: ledger)
      let result = outcome.result
      #expect(result.header.protocolName == name && ledger.leaks().isEmpty)
      let trained = try #require(result.strategies.first { $0.name == "full" })
      if name == .unseenScanner {
        #expect(trained.outcome == .evaluated && outcome.records.count == 1)
        #expect(outcome.records[0].strategies[0].predictions.allSatisfy { $0.scanner == "beta" })
      } else if case .notApplicable = trained.outcome {
        #expect(trained.verdict == nil)
      } else {
        Issue.record("labels were used under \(name.rawValue)")
      }
      let recalibrated = try #require(result.strategies.first { $0.name == "recalibrate" })
      #expect(recalibrated.isTransductive == (name == .transductive))
      #expect(result.findings.contains(.transductive) == (name == .transductive))
      #expect(ledger.entries.contains { $0.use == .transductive } == (name == .transductive))
      if name == .transductive {
        #expect(recalibrated.statistics.contains("TRANSDUCTIVE") || recalibrated.statistics.contains("transductive"))
      }
    }
  }

  @Test("A network that doesn't know the classes is compared with a head fitted on its untouched features")
  func unknownHead() throws {
    let phantom = try PhantomExperiment(patients: 8, labels: ["cat", "dog", "ship"])
    let strategies = [ExperimentStrategy(LinearProbe(), training: PhantomExperiment.quick)]
    let within = try phantom.experiment(strategies: strategies).run(on: phantom.cohort).result
    #expect(within.header.baseline == .linearProbeOnSourceStatistics && within.header.classes == ["benign", "lesion"])
    #expect((within.baseline?.trainedParameters ?? 0) > 0 && within.strategies[1].primary?.difference != nil)

    let labelFree = [ExperimentStrategy(RecalibratedModel())]
    let unlabelled = try phantom.experiment(.unlabelledScanner, strategies: labelFree).run(on: phantom.cohort).result
    #expect(unlabelled.header.baseline == .linearProbeOnSourceScanners)
    #expect(unlabelled.strategies[1].outcome == .evaluated)
    #expect(throws: ExperimentError.self) {
      try phantom.experiment(.unlabelledScanner, sources: [], strategies: labelFree).run(on: phantom.cohort.restricted(toScanner: "beta"))
    }
  }

  @Test("Patients whom the source model knows are a leak on the target, and left out on the source scanner")
  func knownPatients() throws {
    let known = PatientHashes(["beta-001", "alpha-002"].map { PatientID($0) }, PhantomExperiment.key)
    let fitted = FittedPatients(isComplete: true, groups: [.init(keyID: known.keyID, hashes: known.hashes)])
    let phantom = try PhantomExperiment(patients: 6, fitted: fitted)
    let outcome = try phantom.experiment(strategies: [ExperimentStrategy(RecalibratedModel())]).run(on: phantom.cohort)
    #expect(outcome.result.hasLeak)
    #expect(outcome.result.header.sourcePatients == .known(count: 2, heldOut: 1))
    #expect(outcome.result.findings.contains(.sourceScansLeftOut(patients: 1)))
    #expect(!outcome.records.flatMap(\.strategies).flatMap(\.predictions).contains { $0.patient == "alpha-002" })
  }

  @Test("An unreadable scan is listed, by pseudonym, and everything else is scored")
  func unreadable() throws {
    let phantom = try PhantomExperiment(patients: 6)
    let broken = try #require(phantom.cohort.records.first { $0.scanner == "beta" })
    try AtomicFile.write("not a picture", to: broken.absolutePath)
    let result = try phantom.experiment(strategies: [ExperimentStrategy(RecalibratedModel())]).run(on: phantom.cohort).result
    #expect(result.unreadable.map(\.scan) == [PhantomExperiment.key.scan(broken.id)])
    #expect(result.strategies[1].primary?.test?.scans == 11)
  }

  @Test("Impossible requests are refused with the reason")
  func refused() throws {
    let phantom = try PhantomExperiment(patients: 4)
    func error(_ experiment: CrossValidation) -> ExperimentError? {
      #expect(throws: ExperimentError.self) { try experiment.run(on: phantom.cohort) }
    }
    #expect(
      error(phantom.experiment(targets: ["zeta"]))?.description.contains("found no scanner 'zeta'; expected one of 'alpha', 'beta'") == true
    )
    #expect(error(phantom.experiment(targets: ["beta"], sources: ["beta"])) == .scannerIsTargetAndSource("beta"))
    #expect(error(phantom.experiment(strategies: [ExperimentStrategy(SourceModel())])) == .nothingToCompare)
    let twice = [ExperimentStrategy(RecalibratedModel()), ExperimentStrategy(RecalibratedModel())]
    #expect(error(phantom.experiment(strategies: twice)) == .repeatedStrategy("recalibrate"))
  }

  @Test("With labels shuffled over patients every strategy scores an AUROC of one half within three standard errors")
  func permutedLabels() throws {
    let phantom = try PhantomExperiment(patients: 24, scansPerPatient: 1, scanners: [.beta])
    var areas: [String: [Double]] = [:]
    for seed in 1...6 as ClosedRange<UInt64> {
      let result = try phantom.experiment(sources: [], permutes: true, seed: seed).run(on: phantom.cohort).result
      #expect(result.header.labelsPermuted && result.findings.contains(.labelsPermuted))
      for strategy in result.strategies {
        areas[strategy.name, default: []].append(try #require(strategy.scores.first { $0.metric == .auroc }?.test?.value))
      }
    }
    #expect(areas.count == 4)
    // Under the null, a fold of 6 and 6 patients has variance (6 + 6 + 1) / (12 · 6 · 6); two folds and six permutations average it.
    let standardError = (13.0 / (12 * 36) / 12).squareRoot()
    for (name, values) in areas {
      let mean = values.reduce(0, +) / Double(values.count)
      #expect(abs(mean - 0.5) < 3 * standardError, "\(name): \(mean)")
    }
  }
}
