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

  /// A clock that a look moves by `look` seconds before the first fit is begun, while a few steps are measured, and behind that what
  /// happens in training by `event` of the number of fits begun.
  private func observer(
    look: Double, shouldStop: @escaping @Sendable (Int) -> Bool = { _ in false }, event: @escaping @Sendable (Int) -> Double
  ) -> ExperimentObserver {
    let state = StateBox()
    return ExperimentObserver(
      report: { happened in
        state.value.withLock {
          switch happened {
          case .strategyBegan(let name, _, _, _) where name.contains(" at "): $0.fits += 1
          case .training: $0.now += event($0.fits)
          default: break
          }
        }
      }, shouldStop: { shouldStop(state.value.withLock { $0.fits }) },
      seconds: {
        state.value.withLock {
          if $0.fits == 0 { $0.now += look }
          return $0.now
        }
      })
  }

  private final class StateBox: Sendable {
    let value = Mutex<(fits: Int, now: Double)>((0, 0))
  }

  @Test("Time that runs out while fits are made leaves whole folds, or a folder that goes on")
  func timeOver() throws {
    // Cheap while it is measured and planned, dear after the first block, of 7 fits.
    let folder = try study.runFolder("run")
    let study = study
    let names = ["recalibrate", "linear-probe"]
    let short = try advice(names, seconds: 20).plan(on: study.cohort, in: folder)
      .run(observer: observer(look: 0.01) { $0 > 10 ? 1 : 0.01 })
    guard case .timeOver(let fits, let planned) = short.cuts.last else {
      Issue.record("found \(short.cuts)")
      return
    }
    #expect(fits < planned && short.header.fits <= fits && short.curves[0].patients == 6 * short.header.folds)
    #expect(short.header.secondsUsed! < 30)
    // More time goes on where it stopped, and ends as if it had never been short.
    let whole = try advice(names).plan(on: study.cohort).run()
    let more = try advice(names).plan(on: study.cohort, in: folder).run(observer: observer(look: 0.01) { $0 > 10 ? 1 : 0.01 })
    #expect(more.cuts.isEmpty && more.curves == whole.curves && more.verdict == whole.verdict)
  }

  @Test("Steps that look dear leave nothing out where fits turn out cheap; the plan is kept, and a continued run has the same one")
  func replanned() throws {
    func dearSteps(shouldStop: @escaping @Sendable (Int) -> Bool = { _ in false }) -> ExperimentObserver {
      observer(look: 1, shouldStop: shouldStop) { _ in 0.01 }
    }
    let costs = try advice().plan(on: study.cohort).run(observer: dearSteps())
    let seconds = try #require(costs.header.secondsUsed) * 1.5
    let whole = try advice(seconds: seconds).plan(on: study.cohort).run(observer: dearSteps())
    #expect(whole.cuts.isEmpty && whole.header.fits == 3 * 3 * 2 * 2 + 3 * 2 * 2 && whole.header.secondsUsed! <= seconds)
    // Stopped after the trial, within the first block, and after it.
    let folder = try study.runFolder("stopped")
    for stop in [4, 3, 9] {
      #expect(throws: ExperimentStopped.self) {
        try advice(seconds: seconds).plan(on: study.cohort, in: try RunFolder.open(folder.path).folder)
          .run(observer: dearSteps { $0 >= stop })
      }
    }
    let resumed = try advice(seconds: seconds).plan(on: study.cohort, in: try RunFolder.open(folder.path).folder).run(observer: dearSteps())
    #expect(resumed.cuts.isEmpty && resumed.curves == whole.curves && resumed.header.fits == whole.header.fits)
  }

  @Test("Fits that turn out dear cut the rest of the plan, which ends within the time but for a block")
  func dearFits() throws {
    func dear() -> ExperimentObserver { observer(look: 0.01) { _ in 1 } }
    let needed = try #require(try advice().plan(on: study.cohort).run(observer: dear()).header.secondsUsed)
    let cut = try advice(seconds: needed * 0.65).plan(on: study.cohort).run(observer: dear())
    let used = try #require(cut.header.secondsUsed)
    #expect(used <= needed * 0.65 && used > needed * 0.25, "\(used) of \(needed)")
    #expect(cut.header.folds == 2 && !cut.cuts.isEmpty, "\(cut.cuts)")
    #expect(!cut.cuts.contains { if case .timeOver = $0 { true } else { false } }, "\(cut.cuts)")
  }

  @Test("What can't be measured beside the curves, and a strategy that the network can't have, are said; the others are ranked")
  func saidFailures() throws {
    let study = try PhantomStudy(patients: 12, scansPerPatient: 1)
    for record in study.cohort.records where record.scanner == "alpha" { try FileManager.default.removeItem(atPath: record.absolutePath) }
    var asked = try advice(["recalibrate", "series-adapter:layers=layer4.*"])
    asked.evaluation.configuration.sourceScanners = ["alpha"]
    asked.configuration.evaluation.sourceScanners = ["alpha"]
    let found = try asked.plan(on: study.cohort).run()
    let failures = found.findings.compactMap { finding in
      if case .evidenceFailed(let what, let reason) = finding { (what: what, reason: reason) } else { nil }
    }
    #expect(failures.map(\.what) == ["the scanners' mismatch"] && failures.allSatisfy { !$0.reason.isEmpty })
    #expect(found.mismatches.isEmpty && found.transferability.count == 2)
    #expect(found.notMeasured.map(\.strategy) == ["series-adapter:layers=layer4.*"])
    #expect(found.notMeasured[0].reason.contains("series adapter"))
    #expect(Set(found.ranks.map(\.strategy)) == ["source", "recalibrate"])
  }

  @Test("A head that is extended is compared from its own rows on, and everything is measured with the new class")
  func extendedHead() throws {
    let cysts = Set(study.onBeta.filter { $0.label == "lesion" }.map(\.patient).sorted().prefix(3))
    let cohort = study.cohort(of: study.onBeta.map { cysts.contains($0.patient) ? $0.with(label: "cyst") : $0 })
    let strategies = try PhantomStudy.strategies(["recalibrate", "linear-probe"]).map { chosen in
      var strategy = chosen.strategy
      strategy.head = .extend()
      return ExperimentStrategy(strategy, training: chosen.training)
    }
    var asked = try advice(draws: 1)
    asked.evaluation.strategies = strategies
    let found = try asked.plan(on: cohort).run()
    #expect(found.header.classes == ["benign", "lesion", "cyst"] && found.header.patientsPerClass[2] == 3)
    #expect(Set(found.ranks.map(\.strategy)) == ["source", "recalibrate", "linear-probe"] && found.notMeasured.isEmpty)
    #expect(found.ranks.allSatisfy { $0.head.hasPrefix("extend") })
    #expect(found.findings.contains(.headExtended(by: ["cyst"])))
  }

  @Test("What the guards of a training without labels found is said")
  func guards() throws {
    let found = try advice(["tent"], draws: 1).plan(on: study.cohort).run()
    let reports = found.findings.compactMap { finding in
      if case .guardsReported("tent", 0, 0, ended: 6, fits: 6, _) = finding { finding.sentence } else { nil }
    }
    #expect(reports.count == 1 && reports[0].contains("ended early 6 of 6 fits"), "\(found.findings.map(\.sentence))")
  }

  @Test("Fits that guards restrained, refused and ended are told apart, and only where none was do all pass")
  func guardSentences() {
    func sentence(_ restrained: Int, _ refused: Int, _ ended: Int, fits: Int = 6) -> String {
      Finding.guardsReported(strategy: "tent", restrained: restrained, refused: refused, ended: ended, fits: fits, sentence: "why").sentence
    }
    let guards = "tent's guards (class shares, collapse)"
    #expect(sentence(0, 0, 0) == "\(guards) let all 6 fits pass; the last: why")
    #expect(sentence(6, 0, 0) == "\(guards) restrained 6 of 6 fits; one of them: why")
    #expect(sentence(2, 1, 3) == "\(guards) restrained 2, refused 1, ended early 3 of 6 fits; one of them: why")
  }

  @Test("A source of findings, given a new head for classes, has its scanners and features measured, and no LEEP")
  func findingsSource() throws {
    let findings = try PhantomStudy.model().replacingHead(labels: ["edema", "mass"], output: .sigmoid, seed: 1)
    let found = try advice(["linear-probe"], model: findings, draws: 1).plan(on: study.cohort).run()
    #expect(found.transferability.count == 2 && found.transferability.allSatisfy { $0.leep == nil && $0.logME.isFinite })
    #expect(!found.mismatches.isEmpty && !found.findings.contains { if case .evidenceFailed = $0 { true } else { false } })
  }

  @Test("Steps that look too dear for any comparison refuse none before a fit was tried, which may turn out cheap")
  func trialBeforeRefusal() throws {
    func dearSteps() -> ExperimentObserver { observer(look: 1) { _ in 0.01 } }
    var fromSteps = 0.0
    #expect {
      try advice(seconds: 1).plan(on: study.cohort).run(observer: dearSteps())
    } throws: {
      guard case AdviceError.budgetTooSmall(1, let needed) = $0 else { return false }
      fromSteps = needed
      return true
    }
    let seconds = fromSteps * 0.9
    let found = try advice(seconds: seconds).plan(on: study.cohort).run(observer: dearSteps())
    #expect(found.ranks.count > 1 && found.header.secondsUsed! <= seconds, "\(found.cuts)")
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
