import Adaptation
import Cohorts
import Evaluation
import Files
import Graphs
import ModelFiles
import Normalization
import Testing

@Suite("Several findings a scan")
struct FindingsTests {
  private let stripes: StripesCohort
  private let cohort: Cohort
  private let source: Model
  private let quick = TrainingConfiguration(epochs: 30, batchSize: 8, learningRate: 3e-2, seed: 7)

  /// Each scan is tall or not, and so is its opposite; whether it is flat is known in two scans of three.
  init() throws {
    stripes = try StripesCohort(patients: 16)
    source = try StripesCohort.model(labels: ["a", "b", "c"])
    let records = stripes.cohort.records.enumerated().map { index, record in
      var findings = ["tall": record.label == "tall"]
      if index % 3 != 0 { findings["flat"] = record.label == "flat" }
      return ScanRecord(
        patient: record.patient, scanner: record.scanner, findings: findings, path: record.path, absolutePath: record.absolutePath)
    }
    cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"))
  }

  private func probe(_ configuration: TrainingConfiguration) throws -> AdaptationRun.Result {
    try AdaptationRun(LinearProbe(head: .new), training: configuration)
      .adapt(source, to: cohort.allForFitting(Ledger()), loader: StripesCohort.loader)
  }

  @Test("A new head gets a probability for each finding, learns them from the scans where they are known, and keeps that in its file")
  func learns() throws {
    let result = try probe(quick)
    #expect(result.model.card.labels == ["flat", "tall"] && result.model.card.output == .sigmoid)
    #expect(result.report.scansPerClass == [11, 16])
    let losses = result.metrics.compactMap(\.trainingLoss)
    #expect(try #require(losses.last) < 0.7 * losses[0])
    let file = stripes.folder + "/findings.safetensors"
    try ModelWriter.write(result.model, to: file)
    let model = try ModelLoader.load(file).model
    #expect(model.card.output == .sigmoid)
    let answers = try Predictor(loader: StripesCohort.loader).predictFindings(model, on: cohort.records).predictions
    #expect(answers.map(\.labels) == cohort.records.map { [$0.findings["flat"], $0.findings["tall"]] })
    #expect(try #require(MultiLabelScore(.auroc, of: answers).macro) > 0.95)
    // Not shares of one whole.
    #expect(answers.contains { abs($0.probabilities[0] + $0.probabilities[1] - 1) > 0.01 })
  }

  @Test("Training accuracy is the share of scans whose known findings are all right, however many findings are known")
  func trainingAccuracy() throws {
    // A rate at which nothing moves: the answers of the epoch are those of the model.
    let result = try probe(TrainingConfiguration(epochs: 1, batchSize: 32, learningRate: 1e-12))
    let answers = try Predictor(loader: StripesCohort.loader).predictFindings(result.model, on: cohort.records).predictions
    let right = answers.count { zip($0.labels, $0.probabilities).allSatisfy { $0 == nil || $0 == ($1 > 0.5) } }
    #expect(answers.count == 32 && answers.reduce(0) { $0 + $1.labels.count { $0 != nil } } > 40)
    #expect(try #require(result.metrics[0].trainingAccuracy) == Double(right) / 32)
  }

  @Test("Relative gradient norms of one finding are those of two classes whose logits differ by the finding's")
  func relativeGradients() throws {
    // softmax(0, z) is sigmoid(z), so cross-entropy and its gradients below the head are the same.
    func pulls(_ model: Model, _ cohort: Cohort) throws -> String? {
      try AdaptationRun(
        StrategyCatalogue.strategy(specified: "rgn:share=1,batches=1"),
        training: TrainingConfiguration(epochs: 1, batchSize: 32, learningRate: 1e-3), budget: ComputeBudget(threads: 1)
      ).adapt(model, to: cohort.allForFitting(Ledger()), loader: StripesCohort.loader).report.decision
    }
    let tall = Cohort(
      records: stripes.cohort.records.map {
        ScanRecord(
          patient: $0.patient, scanner: $0.scanner, findings: ["tall": $0.label == "tall"], path: $0.path, absolutePath: $0.absolutePath)
      }, patientIdentity: .declaredColumn("patient"))
    let one = try source.replacingHead(labels: ["tall"], output: .sigmoid, seed: 3)
    var two = try source.replacingHead(labels: ["flat", "tall"], output: .softmax, seed: 3)
    let head = try #require(two.graph.classifier?.name)
    for field in ["weight", "bias"] {
      let row = one.parameters[head, field].values
      two.parameters.withMutableValues(of: ParameterID(path: head, field: field)) { values in
        for index in values.indices { values[index] = index < row.count ? 0 : row[index - row.count] }
      }
    }
    let (findings, classes) = (try pulls(one, tall), try pulls(two, stripes.cohort))
    func numbers(_ decision: String?) -> [String: Double] {
      Dictionary(
        uniqueKeysWithValues: (decision ?? "").split(separator: ": ").last!.split(separator: ", ").map { part in
          let words = part.split(separator: " ")
          return (String(words[0]), Double(words[1])!)
        })
    }
    let (found, expected) = (numbers(findings), numbers(classes))
    #expect(found.count == 8 && Set(found.keys) == Set(expected.keys))
    for (layer, norm) in found { #expect(abs(norm / expected[layer]! - 1) < 1e-3, "\(layer)") }
  }

  @Test("Every strategy trains and answers with findings; early stopping watches their mean area; runs have the same bits")
  func strategies() throws {
    var short = quick
    short.epochs = 2
    for var strategy in [LinearProbe(), NormalizationOnly(), FullFineTuning()] as [any AdaptationStrategy] {
      strategy.head = .new
      let result = try AdaptationRun(strategy, training: short)
        .adapt(source, to: cohort.allForFitting(Ledger()), loader: StripesCohort.loader)
      #expect(result.model.card.output == .sigmoid && result.metrics.count == 2)
    }
    short.earlyStopping = EarlyStopping(on: .validationAUROC, patience: 5)
    short.classWeighting = .balanced
    let (first, second) = (try probe(short), try probe(short))
    #expect(first.metrics.allSatisfy { $0.validationAUROC != nil && $0.validationLoss != nil } && first.metrics == second.metrics)
    #expect(first.model.parameters.fingerprint == second.model.parameters.fingerprint)
  }

  @Test("Scans and models of different kinds, an extension and a comparison of classes are refused, each with its sentence")
  func refusals() throws {
    let findings = try probe(TrainingConfiguration(epochs: 1, batchSize: 8, learningRate: 1e-2)).model
    let loader = StripesCohort.loader
    #expect(throws: LabelFormError.findingsForClasses) {
      try AdaptationRun(LinearProbe()).adapt(source, to: cohort.allForFitting(Ledger()), loader: loader)
    }
    #expect(throws: LabelFormError.classesForFindings) {
      try AdaptationRun(LinearProbe()).adapt(findings, to: stripes.training(), loader: loader)
    }
    #expect(throws: LabelFormError.classesForFindings) {
      try AdaptationRun(SourceModel(head: .extend())).adapt(findings, to: stripes.training(), loader: loader)
    }
    #expect(throws: LabelFormError.needsClasses("this")) { try Predictor(loader: loader).predict(findings, on: cohort.records) }
    let one = cohort.filtered { $0.findings["tall"] == true }
    #expect(throws: TrainingError.nothingToTell(findings: 2, scans: 16)) {
      try AdaptationRun(LinearProbe()).adapt(findings, to: one.allForFitting(Ledger()), loader: loader)
    }
  }

  @Test("The gate judges an adaptation of findings on held-out patients, and has nothing to say without labels")
  func gate() throws {
    let findings = try probe(quick).model
    let other = try StripesCohort(patients: 24, gain: 0.3, offset: 10)
    let records = other.cohort.records.enumerated().map { index, record in
      ScanRecord(
        patient: record.patient, scanner: record.scanner,
        findings: index % 3 == 0 ? ["tall": record.label == "tall"] : ["tall": record.label == "tall", "flat": record.label == "flat"],
        path: record.path, absolutePath: record.absolutePath)
    }
    let shifted = Cohort(records: records, patientIdentity: .declaredColumn("patient"))
    let gated = GatedAdaptation(
      AdaptationRun(RecalibratedModel()), gate: Gate(bootstrap: PatientBootstrap(seed: 3, resamples: 200)), folds: 3)
    let outcome = try gated.judge(findings, on: shifted, named: "test", loader: StripesCohort.loader, ledger: Ledger()).outcome
    let difference = try #require(outcome.difference)
    #expect(difference.metric == .auroc && difference.patients == 24 && outcome.trials.count >= 1, "\(outcome)")
    let nobody = try gated.adapt(
      findings, to: shifted.withoutLabels, named: "test", loader: StripesCohort.loader, ledger: Ledger())
    #expect(nobody.outcome.reason == .unlabelledFindings && nobody.outcome.decision == .refused && nobody.adapted == nil)
  }

  @Test("A diagnosis of a model of findings has every part but class shares, and counts the decisions about all findings")
  func diagnosis() throws {
    let findings = try probe(quick).model
    let other = try StripesCohort(patients: 16, gain: 0.3, offset: 10)
    let unlabelled = other.cohort.withoutLabels
    let diagnoser = Diagnoser(
      comparison: MismatchComparison(draws: 19), remedies: [RecalibratedModel()], gate: Gate(), loader: StripesCohort.loader)
    let found = try #require(try diagnoser.diagnose(findings, on: unlabelled).scanners.first)
    #expect(found.labelShift.isEmpty && found.stored.layersBeyondChance().count > 0 && found.gate?.reason == .unlabelledFindings)
    let remedy = try #require(found.remedies.first)
    let after = try #require(remedy.mismatchAfter)
    #expect(remedy.changedDecisions > 0 && remedy.changedDecisions <= 1 && after < remedy.mismatchBefore)
  }

  @Test("Recalibrating a model of findings keeps it one")
  func recalibration() throws {
    let findings = try probe(TrainingConfiguration(epochs: 1, batchSize: 8, learningRate: 1e-2)).model
    let other = try StripesCohort(gain: 0.5, offset: 70)
    let moved = try AdaptationRun(RecalibratedModel()).adapt(findings, to: other.training(), loader: StripesCohort.loader).model
    #expect(moved.card.output == .sigmoid && moved.card.labels == ["flat", "tall"])
  }
}
