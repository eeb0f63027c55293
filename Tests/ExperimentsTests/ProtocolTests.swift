import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import ModelFiles
import Testing

@Suite("Protocols: what is scored, and what may be fitted on") struct ProtocolTests {
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy() }

  @Test("Within a scanner, every strategy answers for each held-out scan once a repetition, and no patient is on both sides")
  func sameScans() throws {
    let folder = try study.runFolder("run")
    let ledger = Ledger()
    let validation = try PhantomStudy.validation(
      .withinScanner, PhantomStudy.strategies(["recalibrate", "linear-probe"]), sources: ["alpha"]
    ) { $0.repetitions = 2 }
    _ = try validation.run(on: study.cohort, in: folder, ledger: ledger)

    let lines = try String(decoding: FileContents.read(folder.path + "/predictions.csv"), as: UTF8.self).split(separator: "\n")
    #expect(
      lines[0] == "format,protocol,repetition,fold,strategy,scanner,scan,patient,label,predicted,probability:benign,probability:lesion")
    let cells = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    #expect(Set(cells.map { $0[4] }) == ["source", "recalibrate", "linear-probe"])
    let everyScan = study.cohort.records.map(\.id.rawValue).sorted()
    for repetition in ["1", "2"] {
      for strategy in Set(cells.map { $0[4] }) {
        #expect(cells.filter { $0[2] == repetition && $0[4] == strategy }.map { $0[6] }.sorted() == everyScan)
      }
      var foldOfPatient: [String: Set<String>] = [:]
      for row in cells where row[2] == repetition { foldOfPatient[row[7], default: []].insert(row[3]) }
      #expect(foldOfPatient.values.allSatisfy { $0.count == 1 })
    }
    let labels = Dictionary(uniqueKeysWithValues: study.cohort.records.map { ($0.id.rawValue, $0.label!) })
    #expect(cells.allSatisfy { $0[8] == labels[$0[6]] })

    #expect(ledger.leaks().isEmpty)
    for entries in Dictionary(grouping: ledger.entries, by: \.fold).values {
      let tested = Set(entries.filter { $0.use == .test }.map(\.patient))
      #expect(!tested.isEmpty && tested.isDisjoint(with: entries.filter { $0.use != .test }.map(\.patient)))
    }
  }

  @Test("Statistics are those of the other folds' patients, or under the transductive protocol of the scored scans and no others")
  func whoseStatistics() throws {
    let model = try PhantomStudy.model()
    let loader = ScanLoader(preprocessing: PhantomStudy.preprocessing)
    for name in [EvaluationProtocol.withinScanner, .unlabelledScanner, .transductive] {
      let ledger = Ledger()
      let outcome = try PhantomStudy.validation(name, PhantomStudy.strategies(["recalibrate"])).run(on: study.cohort, ledger: ledger)
      let folds = try study.cohort(of: study.onBeta).folds(.grouped(folds: 2, seed: 3), ledger: Ledger(), under: "by hand").folds
      for (fold, record) in zip(folds, outcome.records) {
        let fitted = name == .transductive ? fold.test.transductively() : fold.training
        let byHand = try AdaptationRun(RecalibratedModel()).adapt(model, to: fitted, loader: loader).model
        let expected = try Predictor(loader: loader).predict(byHand, on: fold.test.records).predictions
        #expect(record.strategies[1].name == "recalibrate" && record.strategies[1].predictions == expected)

        let used = ledger.entries.filter { $0.fold == record.fold && $0.use == .transductive }.map(\.scan)
        #expect(used == (name == .transductive ? fold.test.records.map(\.id).sorted() : []))
      }
    }
  }

  @Test("Transductive results say so in the header, in the findings and in each row that took statistics")
  func transductive() throws {
    let result = try PhantomStudy.validation(
      .transductive, PhantomStudy.strategies(["recalibrate", "tent:threshold=1.0,guard=off,collapse=2.0", "full"]), sources: ["alpha"]
    ).run(on: study.cohort).result
    #expect(result.header.protocolName.sentence.hasPrefix("TRANSDUCTIVE") && result.findings.contains(.transductive))
    #expect(result["recalibrate"]?.isTransductive == true && result["source"]?.isTransductive == false)
    #expect(result["recalibrate"]?.statistics.contains("SCORED SCANS' OWN (transductive") == true)
    let tent = result["tent:threshold=1.0,guard=off,collapse=2.0"]
    #expect(tent?.outcome == .evaluated && tent?.isTransductive == true)
    guard case .notApplicable = result["full"]?.outcome else {
      Issue.record("training without labels")
      return
    }
  }

  @Test("Without labels, strategies that train are refused with the reason, and a baseline asked to train stays as it came")
  func unlabelled() throws {
    let trained = ["instance-norm-affine", "linear-probe", "bn-only", "full"]
    let strategies = try PhantomStudy.strategies(["recalibrate", "instance-norm"] + trained)
    let outcome = try PhantomStudy.validation(.unlabelledScanner, strategies).run(on: study.cohort)
    for name in trained {
      guard case .notApplicable(let reason) = outcome.result[name]?.outcome else {
        Issue.record("\(name) was run")
        continue
      }
      #expect(reason.contains("trains on labels") && reason.contains("unlabelled-scanner"))
      #expect(outcome.predictions(name).isEmpty)
    }
    #expect(outcome.result["recalibrate"]?.outcome == .evaluated && outcome.result["instance-norm"]?.outcome == .evaluated)

    let greedy = try PhantomStudy.validation(
      .unlabelledScanner, [ExperimentStrategy(SourceModel(head: .train))] + PhantomStudy.strategies(["recalibrate"])
    ).run(on: study.cohort)
    #expect(greedy.predictions("source") == outcome.predictions("source") && greedy.result["source"]?.head == "keep")
  }

  @Test("Without labels, other labels on training patients change no answer")
  func labelsUnseen() throws {
    let plan = FoldPlan.grouped(folds: 2, seed: 3)
    func tested(_ cohort: Cohort) throws -> [[ScanID]] {
      try cohort.folds(plan, ledger: Ledger(), under: "probe").folds.map { $0.test.records.map(\.id) }
    }
    let cohort = study.cohort(of: study.onBeta)
    let folds = try tested(cohort)
    // Folds are balanced in classes, so labels decide who is held out; two patients are looked for whose exchange leaves the folds alone.
    let labels = Dictionary(cohort.records.map { ($0.patient, $0.label!) }) { first, _ in first }
    var exchanged: Cohort?
    search: for one in cohort.patients where labels[one] == "benign" {
      for other in cohort.patients where labels[other] == "lesion" {
        let changed = study.cohort(
          of: cohort.records.map { $0.with(label: $0.patient == one ? "lesion" : $0.patient == other ? "benign" : nil) })
        if try tested(changed) == folds {
          exchanged = changed
          break search
        }
      }
    }
    let other = try #require(exchanged)
    let names = ["recalibrate", "prior-mixed", "tent:threshold=1.0,guard=off,collapse=2.0"]
    let validation = try PhantomStudy.validation(.unlabelledScanner, PhantomStudy.strategies(names))
    let (before, after) = (try validation.run(on: cohort), try validation.run(on: other))
    #expect(before.result[names[2]]?.outcome == .evaluated)
    #expect(before.predictions(names[2]).map(\.probabilities) != before.predictions("recalibrate").map(\.probabilities))
    for name in ["source"] + names {
      #expect(before.predictions(name).map(\.scan) == after.predictions(name).map(\.scan))
      #expect(before.predictions(name).map(\.probabilities) == after.predictions(name).map(\.probabilities))
      #expect(before.predictions(name).map(\.label) != after.predictions(name).map(\.label))
    }
  }

  @Test("An unseen scanner is unseen: nothing of it is fitted on, and without half of its scans the others' answers are the same")
  func unseen() throws {
    let validation = try PhantomStudy.validation(
      .unseenScanner, PhantomStudy.strategies(["recalibrate", "linear-probe", "full"]))
    let ledger = Ledger()
    let whole = try validation.run(on: study.cohort, ledger: ledger)
    let ofFold = ledger.entries.filter { $0.fold.fold == "beta" }
    #expect(Set(ofFold.filter { $0.use == .test }.map(\.scan)) == Set(study.onBeta.map(\.id)))
    #expect(ofFold.contains { $0.use == .training } && ofFold.allSatisfy { ($0.use == .test) == ($0.scanner == "beta") })

    let patients = Set(study.onBeta.map(\.patient)).sorted()
    let gone = Set(patients.prefix(patients.count / 2))
    let rest = try validation.run(on: study.cohort.filtered { !gone.contains($0.patient) })
    for name in ["source", "recalibrate", "linear-probe", "full"] {
      #expect(!rest.predictions(name).isEmpty)
      #expect(rest.predictions(name) == whole.predictions(name).filter { !gone.contains(PatientID($0.patient)) })
    }
  }

  @Test("A head made new answers in the order of the model's classes, also where the alphabet has another")
  func classOrder() throws {
    let model = try PhantomStudy.model(labels: ["lesion", "other", "benign"])
    var strategies = try PhantomStudy.strategies(["linear-probe"])
    strategies[0].strategy.head = .new
    let outcome = try PhantomStudy.validation(.withinScanner, strategies, model: model).run(on: study.cohort)
    #expect(outcome.result.header.classes == ["lesion", "other", "benign"])
    #expect(outcome.result.findings.contains(.labelUnused(label: "other")))
    let labels = Dictionary(uniqueKeysWithValues: study.cohort.records.map { ($0.id.rawValue, $0.label!) })
    for prediction in outcome.predictions("linear-probe") {
      #expect(prediction.probabilities.count == 3)
      #expect(prediction.label.map { model.card.labels[$0] } == labels[prediction.scan])
    }
  }
}
