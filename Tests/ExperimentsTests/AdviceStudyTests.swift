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

@Suite("Advice is drawn from nested parts of training patients inside cross-validation")
struct AdviceStudyTests {
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy(patients: 12, scansPerPatient: 1) }

  private func advice(
    _ names: [String] = ["recalibrate", "linear-probe", "full"], model: Model? = nil, threads: Int = 1, draws: Int = 2,
    sizes: [Int]? = nil, seconds: Double = 1e9, changing change: (inout AdviceConfiguration) -> Void = { _ in }
  ) throws -> AdviceStudy {
    var configuration = AdviceConfiguration(
      evaluation: ExperimentConfiguration(
        targetScanners: ["beta"], folds: 2, seed: 3, bootstrap: PatientBootstrap(seed: 3, resamples: 60),
        rule: VerdictRule(minimumPatients: 8, minimumPatientsPerClass: 2)),
      sizes: sizes, draws: draws, budget: AdviceBudget(seconds: seconds, bytes: 1 << 40))
    change(&configuration)
    return AdviceStudy(
      configuration,
      evaluation: try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(names), model: model, threads: threads))
  }

  /// A clock that goes on by a second at each look.
  private func ticking() -> @Sendable () -> Double {
    let ticks = Mutex(0.0)
    return {
      ticks.withLock {
        $0 += 1
        return $0
      }
    }
  }

  @Test("Every strategy is asked about every patient at every size; no test patient is in any part; the folder has it all")
  func whole() throws {
    let folder = try study.runFolder("run")
    let ledger = Ledger()
    let advice = try advice().plan(on: study.cohort, in: folder, ledger: ledger).run()
    #expect(advice.isMeasured && advice.header.sizes == [4, 5, 6] && advice.header.draws == 2 && advice.header.folds == 2)
    #expect(advice.curves.map(\.strategy) == ["source", "recalibrate", "linear-probe", "full"])
    #expect(advice.curves.allSatisfy { $0.points.map(\.size) == [4, 5, 6] && $0.patients == 12 })
    // Fits of three strategies at three sizes, two draws, two folds; the source model as it came is asked once a fold.
    #expect(try Folder.names(in: folder.path + "/fits").count == 3 * 3 * 2 * 2 + 2)
    #expect(ledger.leaks().isEmpty)
    let parts = ledger.entries.filter { $0.fold.inner != nil }
    #expect(Set(parts.map(\.fold)).count == 3 * 2 * 2)
    for (fold, entries) in Dictionary(grouping: ledger.entries, by: \.fold.outer) {
      let tested = Set(entries.filter { $0.use == .test }.map(\.patient))
      #expect(!tested.isEmpty && Set(parts.filter { $0.fold.outer == fold }.map(\.patient)).isDisjoint(with: tested))
    }
    #expect(advice.findings.contains { if case .ledgerChecked(_, isClean: true) = $0 { true } else { false } })
    #expect(try folder.advice() == advice)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(try FileContents.read(folder.path + "/advice.json"))) as? [String: Any])
    #expect(json["format"] as? Int == Advice.formatVersion)
    let patients = study.cohort.patients.map(\.rawValue)
    for file in ["advice.json", "curves.csv", "ledger.csv"] {
      let text = String(decoding: try FileContents.read("\(folder.path)/\(file)"), as: UTF8.self)
      #expect(patients.allSatisfy { !text.contains("\"\($0)\"") && !text.contains(",\($0)\n") }, "\(file)")
    }
  }

  @Test("Errors and differences are those of the metric that verdicts of an evaluation are about")
  func errors() throws {
    let advice = try advice(["recalibrate"], draws: 1).plan(on: study.cohort).run()
    for rank in advice.ranks {
      let accuracy = try #require(rank.scores.first)
      #expect(accuracy.metric == .balancedAccuracy && abs(1 - accuracy.value - rank.error) < 1e-12)
    }
    #expect(Set(advice.ranks.map(\.strategy)) == ["source", "recalibrate"] && advice.ranks[0].place == 1)
    #expect(advice.spreads.isEmpty, "one draw shows no variance")
  }

  @Test("Stopped at one question after the other and taken up each time, on one thread or two: the same bits")
  func resumed() throws {
    let whole = try study.runFolder("whole")
    _ = try advice().plan(on: study.cohort, in: whole).run()
    let folder = try study.runFolder("stopped")
    var stops = 0
    var isFinished = false
    while !isFinished {
      let left = Mutex(3 + stops % 5)
      let observer = ExperimentObserver(shouldStop: {
        left.withLock {
          $0 -= 1
          return $0 < 0
        }
      })
      do {
        _ = try advice(threads: 1 + stops % 2).plan(on: study.cohort, in: try RunFolder.open(folder.path).folder).run(observer: observer)
        isFinished = true
      } catch let stopped as ExperimentStopped {
        #expect(stopped.folder == folder.path)
        stops += 1
      }
    }
    #expect(stops > 5)
    for file in ["advice.json", "curves.csv", "ledger.csv", "folds.csv"] {
      #expect(try FileContents.read("\(folder.path)/\(file)") == FileContents.read("\(whole.path)/\(file)"), "\(file)")
    }
    #expect(throws: ExperimentError.otherRun(folder: folder.path)) { try advice(draws: 3).plan(on: study.cohort, in: folder) }
  }

  @Test("With a clock the study is cut to the time, stays within it, and says what was left out")
  func budget() throws {
    let full = try advice().plan(on: study.cohort).run(observer: ExperimentObserver(seconds: ticking()))
    let needed = try #require(full.header.secondsUsed)
    #expect(full.cuts.isEmpty && full.ranks.allSatisfy { $0.seconds ?? 0 > 0 })
    let half = try advice(seconds: needed / 2).plan(on: study.cohort).run(observer: ExperimentObserver(seconds: ticking()))
    let used = try #require(half.header.secondsUsed)
    #expect(!half.cuts.isEmpty && used <= needed / 2 && half.header.fits < full.header.fits)
    #expect(half.cuts.allSatisfy { cut in half.changes.contains { $0.contains(cut.sentence) } })
    #expect {
      try advice(seconds: 20).plan(on: study.cohort).run(observer: ExperimentObserver(seconds: ticking()))
    } throws: {
      if case AdviceError.budgetTooSmall(20, let needed) = $0 { needed > 20 } else { false }
    }
  }

  @Test("Time that runs out while fits are made leaves whole folds, or a folder that goes on")
  func timeOver() throws {
    // Cheap while it is measured, dear afterwards.
    let ticks = Mutex((looks: 0, now: 0.0))
    let slowing: @Sendable () -> Double = {
      ticks.withLock {
        $0.looks += 1
        $0.now += $0.looks < 60 ? 0.01 : 5
        return $0.now
      }
    }
    let folder = try study.runFolder("run")
    let study = study
    let advice = try advice(["recalibrate", "linear-probe"], seconds: 220).plan(on: study.cohort, in: folder)
      .run(observer: ExperimentObserver(seconds: slowing))
    guard case .timeOver(let fits, let planned) = advice.cuts.last else {
      Issue.record("found \(advice.cuts)")
      return
    }
    #expect(fits < planned && advice.header.fits <= fits && advice.curves[0].patients == 6 * advice.header.folds)
    // More time goes on where it stopped, and ends as if it had never been short.
    let whole = try self.advice(["recalibrate", "linear-probe"]).plan(on: study.cohort).run()
    let more = try self.advice(["recalibrate", "linear-probe"]).plan(on: study.cohort, in: folder)
      .run(observer: ExperimentObserver(seconds: slowing))
    #expect(more.cuts.isEmpty && more.curves == whole.curves && more.verdict == whole.verdict)
  }

  @Test("What can't be advised on is refused with a sentence: no labels, one class, too few patients of one, other sizes, other metrics")
  func refusals() throws {
    let unlabelled = study.cohort(
      of: study.onBeta.map { ScanRecord(id: $0.id, patient: $0.patient, scanner: $0.scanner, path: $0.path, absolutePath: $0.absolutePath) }
    )
    #expect {
      try advice().plan(on: unlabelled)
    } throws: { "\($0)".contains("no labelled scan of 'beta' was found") }
    let one = study.cohort(of: study.onBeta.filter { $0.label == "lesion" })
    #expect(throws: AdviceError.oneClass("lesion", source: study.cohort.source)) { try advice().plan(on: one) }
    let rare = study.onBeta.first { $0.label == "benign" }!
    let few = study.cohort(of: study.onBeta.filter { $0.label == "lesion" || $0.patient == rare.patient })
    #expect(throws: AdviceError.tooFewPatients(label: "benign", found: 1, needed: 2, source: study.cohort.source)) {
      try advice().plan(on: few)
    }
    #expect(throws: AdviceError.size(40, smallest: 4, largest: 6)) { try advice(sizes: [4, 40]).plan(on: study.cohort) }
    #expect {
      try advice { $0.evaluation.metrics = [.auroc] }.plan(on: study.cohort)
    } throws: { "\($0)".contains("auroc") && "\($0)".contains("balanced_accuracy") }
  }

  @Test("A strategy that fails is named with its reason, and the others are ranked")
  func failure() throws {
    var strategies = try PhantomStudy.strategies(["recalibrate", "full"])
    strategies[1].training?.learningRate = 1e35
    var study = try advice()
    study.evaluation.strategies = strategies
    let advice = try study.plan(on: self.study.cohort).run()
    #expect(advice.notMeasured.map(\.strategy) == ["full"] && !advice.notMeasured[0].reason.isEmpty)
    #expect(Set(advice.ranks.map(\.strategy)) == ["source", "recalibrate"])
    #expect(advice.findings.contains { if case .strategyFailed("full", _, _) = $0 { true } else { false } })
  }
}
