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

@Suite("A cross-validation that is interrupted, or run otherwise, gives the same bits") struct ResumptionTests {
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy(patients: 6) }

  private static let files = ["evaluation.json", "predictions.csv", "metrics.csv", "folds.csv", "ledger.csv"]

  private func validation(_ name: EvaluationProtocol, threads: Int = 1) throws -> CrossValidation {
    var strategies = try PhantomStudy.strategies(["recalibrate", "linear-probe", "full"])
    strategies[1].training?.earlyStopping = EarlyStopping(patience: 1)
    strategies[1].validationFraction = 0.4
    // A foreign head, so that under each protocol the baseline trains too.
    return try PhantomStudy.validation(
      name, strategies, model: PhantomStudy.model(labels: ["cat", "dog"]), sources: ["alpha"], threads: threads)
  }

  @Test(
    "Stopped at one question after the other, also within training, and taken up each time: every file is the uninterrupted run's",
    arguments: [EvaluationProtocol.withinScanner, .unlabelledScanner, .transductive])
  func resumed(name: EvaluationProtocol) throws {
    let whole = try study.runFolder("whole")
    _ = try validation(name).run(on: study.cohort, in: whole)

    let folder = try study.runFolder("stopped")
    var stops = 0
    var withinTraining = 0
    var isFinished = false
    while !isFinished {
      let stop = StopAfter(1 + stops % 4)
      do {
        _ = try validation(name, threads: 2).run(
          on: study.cohort, in: try RunFolder.open(folder.path).folder, observer: ExperimentObserver(shouldStop: { stop.isDue }))
        isFinished = true
      } catch let stopped as ExperimentStopped {
        #expect(stopped.folder == folder.path)
        stops += 1
        if try !Folder.names(in: folder.path + "/checkpoints").isEmpty { withinTraining += 1 }
      }
    }
    #expect(stops > 3 && withinTraining > 0)
    for file in Self.files {
      #expect(try FileContents.read("\(folder.path)/\(file)") == FileContents.read("\(whole.path)/\(file)"), "\(file)")
    }
    #expect(try Folder.names(in: folder.path + "/checkpoints").isEmpty)
  }

  @Test("One and two threads give the same predictions, and a clock changes nothing but the seconds")
  func threadsAndClock() throws {
    let one = try validation(.withinScanner).run(on: study.cohort)
    let ticks = Mutex(0.0)
    let clock: @Sendable () -> Double = {
      ticks.withLock {
        $0 += 1
        return $0
      }
    }
    let two = try validation(.withinScanner, threads: 2).run(on: study.cohort, observer: ExperimentObserver(seconds: clock))
    for (left, right) in zip(one.records, two.records) {
      #expect(left.strategies.map(\.predictions) == right.strategies.map(\.predictions))
    }
    #expect(two.result.strategies.allSatisfy { $0.seconds ?? 0 > 0 })
    func unmeasured(_ result: EvaluationResult) -> EvaluationResult {
      var result = result
      for index in result.strategies.indices { (result.strategies[index].seconds, result.strategies[index].peakBytes) = (nil, nil) }
      return result
    }
    #expect(unmeasured(two.result) == unmeasured(one.result))
  }

  @Test("A folder belongs to one run from its first moment: other settings, scans or labels are refused, whatever is finished")
  func otherRun() throws {
    let folder = try study.runFolder("run")
    let strategies = try PhantomStudy.strategies(["recalibrate"])
    let begun = try PhantomStudy.validation(.withinScanner, strategies)
    #expect(throws: ExperimentStopped.self) {
      try begun.run(on: study.cohort, in: folder, observer: ExperimentObserver(shouldStop: { true }))
    }
    let refused = ExperimentError.otherRun(folder: folder.path)
    for other in [
      try PhantomStudy.validation(.withinScanner, strategies) { $0.seed = 4 },
      try PhantomStudy.validation(.unseenScanner, strategies),
      try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate", "prior-mixed"])),
      try PhantomStudy.validation(.withinScanner, strategies, model: PhantomStudy.model(labels: ["lesion", "benign"])),
    ] { #expect(throws: refused) { try other.run(on: study.cohort, in: folder) } }
    #expect(throws: refused) {
      try begun.run(on: study.cohort(of: study.onBeta.map { $0.with(label: $0.label == "lesion" ? "benign" : "lesion") }), in: folder)
    }
    #expect(throws: refused) { try begun.run(on: study.cohort(of: Array(study.onBeta.dropLast())), in: folder) }

    // The interval's level is applied to finished folds: that is no other run.
    _ = try begun.run(on: study.cohort, in: folder)
    let wider = try PhantomStudy.validation(.withinScanner, strategies) { $0.bootstrap.level = 0.5 }.run(on: study.cohort, in: folder)
    #expect(wider.result["source"]?.primary?.test?.interval?.level == 0.5)
  }

  @Test("A strategy that failed is tried again, and then nothing tells of the failure")
  func failedBefore() throws {
    let folder = try study.runFolder("run")
    let validation = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate", "prior-mixed"]))
    let whole = try validation.run(on: study.cohort, in: folder)
    let file = folder.path + "/folds/1-1.json"
    var record = try JSONDecoder().decode(FoldRecord.self, from: Data(try FileContents.read(file)))
    record.strategies[1] = FoldRecord.Strategy(name: "recalibrate", failure: "out of memory")
    try AtomicFile.write([UInt8](JSONEncoder().encode(record)), to: file)
    let again = try validation.run(on: study.cohort, in: folder)
    #expect(again.records == whole.records && again.result == whole.result && !again.result.hasFailedStrategy)
  }

  @Test("A newer file in the folder is refused with both numbers; a damaged one is named")
  func newer() throws {
    let folder = try study.runFolder("run")
    let validation = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate"]))
    _ = try validation.run(on: study.cohort, in: folder)
    let file = folder.path + "/folds/1-1.json"
    let text = String(decoding: try FileContents.read(file), as: UTF8.self)
    try AtomicFile.write(text.replacing("\"format\" : 2", with: "\"format\" : 99"), to: file)
    #expect(throws: ExperimentError.newerFile(path: file, found: 99, supported: 2)) { try validation.run(on: study.cohort, in: folder) }
    try AtomicFile.write(String(text.dropLast(9)), to: file)
    let error = #expect(throws: ExperimentError.self) { try validation.run(on: study.cohort, in: folder) }
    #expect(error?.description.hasPrefix(file) == true)
    #expect(try folder.result().header.folds == 2)
  }

  @Test("Scanners whose names differ only in what a file name can't hold have folds of their own")
  func scannerNames() throws {
    let names: [ScannerID] = ["CT A", "CT-A", "東京", "大阪"]
    let patients = study.cohort.patients
    let place = Dictionary(uniqueKeysWithValues: patients.enumerated().map { ($1, names[$0 % names.count]) })
    let cohort = study.cohort(of: study.cohort.records.map { $0.with(scanner: place[$0.patient]) })
    let folder = try study.runFolder("run")
    let validation = try PhantomStudy.validation(.unseenScanner, PhantomStudy.strategies(["recalibrate"]), targets: [])
    let result = try validation.run(on: cohort, in: folder).result
    #expect(result.folds.map(\.name) == names.map(\.rawValue).sorted())
    #expect(try Folder.names(in: folder.path + "/folds").count == names.count + 1)
    #expect(try validation.run(on: cohort, in: folder).result == result)
  }
}
