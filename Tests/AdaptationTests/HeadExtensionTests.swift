import Adaptation
import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Testing

/// Fixtures/golden/adaptation/class_rows.json, written by tools/golden/class_rows.py with NumPy and scikit-learn.
private struct GoldenRows: Decodable {
  struct Discriminants: Decodable {
    let weights: [[Double]]
    let biases: [Double]
  }

  let features: [[Double]]
  let labels: [Int]
  let old: [[Double]]
  let biases: [Double]
  let new: [Int]
  let imprinted: [[Double]]
  let imprintedBias: Double
  let discriminants: [String: Discriminants]

  static let stored: GoldenRows = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appending(path: "Fixtures/golden/adaptation/class_rows.json")
    return try! JSONDecoder().decode(GoldenRows.self, from: Data(contentsOf: file))
  }()
}

@Suite("New classes behind a head's own")
struct HeadExtensionTests {
  private let cohort: StripesCohort
  /// Knows "flat" of the cohort's labels, and one that no scan bears.
  private let source: Model
  private let quick = TrainingConfiguration(
    epochs: 2, batchSize: 5, optimizer: Optimizer(.adamW(weightDecay: 0.1), clippingNorm: 0.5), learningRate: 1e-2, seed: 7)

  init() throws {
    cohort = try StripesCohort(gain: 0.7, offset: 40)
    source = try StripesCohort.model(labels: ["flat", "round"])
  }

  private func extended(
    _ strategy: any AdaptationStrategy, _ form: HeadExtension, training: TrainingConfiguration? = nil
  ) throws -> AdaptationRun.Result {
    var strategy = strategy
    strategy.head = .extend(form)
    return try AdaptationRun(strategy, training: training ?? quick).adapt(source, to: cohort.training(), loader: StripesCohort.loader)
  }

  private func largestError(_ found: [[Double]], _ expected: [[Double]]) -> Double {
    zip(found.joined(), expected.joined()).map { abs($0 - $1) }.max()!
  }

  @Test("Imprinted rows are NumPy's normalized class means, as long as the old rows")
  func imprinting() throws {
    let golden = GoldenRows.stored
    let rows = try ClassRows(imprinting: golden.features, golden.labels, of: golden.new, besideRows: golden.old, biases: golden.biases)
    #expect(largestError(rows.weights, golden.imprinted) < 1e-12)
    #expect(rows.biases.allSatisfy { abs($0 - golden.imprintedBias) < 1e-12 })
  }

  @Test("Discriminant rows are scikit-learn's LDA with the same shrinkage", arguments: ["0.1", "0.7", "1.0"])
  func discriminants(shrinkage: String) throws {
    let golden = GoldenRows.stored
    let rows = try ClassRows(discriminating: golden.features, golden.labels, of: golden.new, shrinkage: Double(shrinkage)!)
    let expected = try #require(golden.discriminants[shrinkage])
    #expect(largestError(rows.weights, expected.weights) < 1e-9)
    #expect(largestError([rows.biases], [expected.biases]) < 1e-9)
  }

  @Test(
    "Old rows, everything below the head and the old classes' logits keep every bit, also through a file",
    arguments: HeadExtension.Rows.allCases, [HeadExtension.Trained.none, .new])
  func oldClassesStay(rows: HeadExtension.Rows, trains: HeadExtension.Trained) throws {
    let result = try extended(SourceModel(), HeadExtension(rows: rows, trains: trains))
    let file = cohort.folder + "/extended.safetensors"
    try ModelWriter.write(result.model, to: file)
    let (reread, _) = try ModelLoader.load(file)
    #expect(reread.card.labels == ["flat", "round", "tall"])
    let head = Set(source.graph.headParameters.map(\.id))
    for id in source.parameters.ids {
      if head.contains(id) {
        #expect(reread.parameters[id].items(0..<2) == source.parameters[id].items(0..<2), "\(id)")
        #expect(reread.parameters[id].items(2..<3) == result.model.parameters[id].items(2..<3))
      } else {
        #expect(reread.parameters[id] == source.parameters[id], "\(id)")
      }
    }
    #expect(result.metrics.isEmpty == (trains == .none))
    #expect(result.report.trainedParameters == (trains == .none ? 0 : 65))

    let predictor = Predictor(loader: StripesCohort.loader)
    let before = try predictor.predict(source, on: cohort.cohort.records, labels: .whereKnown).logits
    let after = try predictor.predict(reread, on: cohort.cohort.records).logits
    for (old, new) in zip(before, after) { #expect(old.map(\.bitPattern) == new.prefix(2).map(\.bitPattern)) }
  }

  @Test("Training moves the new row from where it began, and the old ones only where it is asked to")
  func trainedRows() throws {
    let begun = try extended(SourceModel(), HeadExtension(trains: .none)).model.parameters
    let new = try extended(SourceModel(), HeadExtension(trains: .new)).model.parameters
    let all = try extended(SourceModel(), HeadExtension(trains: .all)).model.parameters
    let weight = try #require(source.graph.headParameters.first { $0.role == .weight }).id
    #expect(new[weight].items(2..<3) != begun[weight].items(2..<3))
    #expect(new[weight].items(0..<2) == begun[weight].items(0..<2))
    #expect(all[weight].items(0..<2) != begun[weight].items(0..<2))
  }

  @Test("A backbone that trains, in one phase or two, leaves the old rows as they are", arguments: ["full", "lp-ft"])
  func withABackbone(name: String) throws {
    let result = try extended(try StrategyCatalogue.strategy(named: name), HeadExtension())
    let head = Set(source.graph.headParameters.map(\.id))
    for id in source.parameters.ids where head.contains(id) {
      #expect(result.model.parameters[id].items(0..<2) == source.parameters[id])
    }
    #expect(result.model.parameters.differing(from: source.parameters) == Set(source.parameters.ids))
  }

  @Test("New rows are made on features under the statistics that training starts from")
  func statisticsFirst() throws {
    let recalibrated = try AdaptationRun(RecalibratedModel()).adapt(source, to: cohort.training(), loader: StripesCohort.loader).model
    var strategy = SourceModel()
    strategy.head = .extend(HeadExtension(rows: .lda, trains: .none))
    let after = try AdaptationRun(strategy).adapt(recalibrated, to: cohort.training(), loader: StripesCohort.loader).model
    let together = try extended(RecalibratedModel(), HeadExtension(rows: .lda, trains: .none)).model
    for id in after.parameters.ids { #expect(after.parameters[id] == together.parameters[id], "\(id)") }
  }

  @Test("New classes stand behind the old ones, in alphabetical order")
  func order() throws {
    var strategy = SourceModel()
    strategy.head = .extend(HeadExtension(trains: .none))
    let other = try StripesCohort.model(labels: ["zebra", "apple"])
    let model = try AdaptationRun(strategy).adapt(other, to: cohort.training(), loader: StripesCohort.loader).model
    #expect(model.card.labels == ["zebra", "apple", "flat", "tall"])
  }

  @Test("Nothing new, a class without scans, and a covariance without an inverse are errors that say so")
  func refusals() throws {
    let knowing = try StripesCohort.model()
    var strategy = SourceModel()
    strategy.head = .extend()
    #expect(throws: HeadExtensionError.nothingNew(known: ["flat", "tall"])) {
      try AdaptationRun(strategy).adapt(knowing, to: cohort.training(), loader: StripesCohort.loader)
    }
    #expect(throws: HeadExtensionError.noScans(label: "wide")) {
      try AdaptationRun(strategy, newHeadLabels: ["tall", "wide"]).adapt(source, to: cohort.training(), loader: StripesCohort.loader)
    }
    #expect(throws: HeadExtensionError.singular(scans: 2, features: 3, shrinkage: 0)) {
      try ClassRows(discriminating: [[1, 2, 3], [3, 2, 1]], [0, 0], of: [0], shrinkage: 0)
    }
  }

  @Test("A head policy reads back from its text; other texts are none")
  func text() {
    let policies: [HeadPolicy] = [
      .keep, .train, .new, .extend(), .extend(HeadExtension(rows: .lda)),
      .extend(HeadExtension(rows: .lda, trains: .all, shrinkage: 0.25)),
    ]
    for policy in policies { #expect(HeadPolicy(rawValue: policy.rawValue) == policy) }
    for text in ["extend:", "extend:rows", "extend:rows=both", "extend:shrinkage=2", "keep:rows=lda", "Extend"] {
      #expect(HeadPolicy(rawValue: text) == nil, "\(text)")
    }
  }
}

@Suite("Labels are checked against a model's before anything runs")
struct LabelCheckTests {
  private func cohort(_ labels: [String?]) -> Cohort {
    let records = labels.enumerated().map { index, label in
      ScanRecord(patient: PatientID("p\(index)"), scanner: "A", label: label, path: "\(index).png", absolutePath: "/\(index).png")
    }
    return Cohort(records: records, patientIdentity: .declaredColumn("patient"))
  }

  private func check(
    _ cohort: Cohort, head: HeadPolicy = .keep, usesLabels: Bool = true, newLabels: [String]? = nil, mappings: [LabelMapping] = []
  ) throws -> [LabelVocabularyError.Stray] {
    try LabelVocabulary.check(
      cohort, against: StripesCohort.model(), head: head, usesLabels: usesLabels, newLabels: newLabels, mappings: mappings)
  }

  @Test("A label the model lacks is refused with its scans, unless the head takes it or none has a use")
  func strays() throws {
    let mixed = cohort(["flat", "Tall", "Tall", nil])
    let error = #expect(throws: LabelVocabularyError.self) { try check(mixed) }
    guard case .unknown(let strays, _)? = error else { return }
    #expect(strays.map(\.label) == ["Tall"] && strays.map(\.scans) == [2])
    // Some are known, so the others aren't left out in silence though nothing is fitted on them.
    #expect(throws: LabelVocabularyError.self) { try check(mixed, usesLabels: false) }
    #expect(try check(mixed, head: .extend()).isEmpty && check(mixed, head: .new).isEmpty)
    #expect(throws: LabelVocabularyError.self) { try check(mixed, head: .extend(), newLabels: ["other"]) }
    let foreign = cohort(["PA", "AP", "PA"])
    #expect(try check(foreign, usesLabels: false).map(\.label) == ["AP", "PA"])
    #expect(throws: LabelVocabularyError.self) { try check(foreign) }
  }

  @Test("Labels are renamed to the model's; a name it doesn't have, or that nobody bears, is an error")
  func mappings() throws {
    let found = cohort(["flat", "Tall", "Tall", nil])
    let mapping = LabelMapping(found: "Tall", model: "tall")
    let renamed = try found.renamingLabels([mapping])
    #expect(renamed.records.map(\.label) == ["flat", "tall", "tall", nil])
    #expect(try check(renamed, mappings: [mapping]).isEmpty)
    let slip = LabelMapping(found: "Tall", model: "tal")
    #expect(throws: LabelMappingError.unknownTarget(slip, known: ["flat", "tall"])) {
      try check(found.renamingLabels([slip]), mappings: [slip])
    }
    #expect(throws: LabelMappingError.unknownTarget(slip, known: ["flat", "tall"])) {
      try check(found.renamingLabels([slip]), head: .extend(), mappings: [slip])
    }
    #expect(throws: LabelMappingError.idle(LabelMapping(found: "tall", model: "flat"), labels: ["Tall", "flat"])) {
      try found.renamingLabels([LabelMapping(found: "tall", model: "flat")])
    }
    #expect(throws: LabelMappingError.repeated("Tall")) { try found.renamingLabels([mapping, slip]) }
    let swapped = try found.renamingLabels([LabelMapping(found: "flat", model: "Tall"), LabelMapping(found: "Tall", model: "flat")])
    #expect(swapped.records.map(\.label) == ["Tall", "flat", "flat", nil])
  }
}
