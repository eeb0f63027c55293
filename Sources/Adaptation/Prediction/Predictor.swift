import Cohorts
import Engine
import Evaluation
import Graphs
import ModelFiles
import Tensors

/// A model's answers for scans, in the records' order, and what couldn't be read.
public struct ScanPredictions: Sendable {
  /// The readable scans.
  public let records: [ScanRecord]
  public let predictions: [Prediction]
  /// One row a scan, a column a label.
  public let logits: [[Float]]
  /// One row a scan, where features were asked for.
  public let features: [[Float]]?
  public let unreadable: [UnreadableScan]
  /// By scanner, the norm pack its scans were answered with, in words; empty where one model answered all.
  public var packs: [ScannerID: String] = [:]
}

/// A model's answers for scans that may have several findings, in the records' order, and what couldn't be read.
public struct ScanFindings: Sendable {
  /// The readable scans.
  public let records: [ScanRecord]
  public let predictions: [MultiLabelPrediction]
  /// One row a scan, where features were asked for.
  public let features: [[Float]]?
  public let unreadable: [UnreadableScan]
}

/// Runs a model on scans: probabilities, and the feature vectors where they are wanted.
public struct Predictor: Sendable {
  /// What a scan's label is to a prediction.
  public enum LabelRule: Hashable, Sendable {
    /// Each label must be one of the model's: for evaluation.
    case checked
    /// Labels the model doesn't have count as none: for prediction.
    case whereKnown
  }

  public let loader: ScanLoader
  public let budget: ComputeBudget

  /// - Parameter loader: prepares scans as the model's card says.
  public init(loader: ScanLoader, budget: ComputeBudget = ComputeBudget()) {
    self.loader = loader
    self.budget = budget
  }

  /// - Throws: `LabelFormError` for a model that answers finding by finding; `LabelVocabularyError` under `.checked`, `PredictionError.notFinite`, the engine's and the loader's errors.
  public func predict(
    _ model: Model, on records: [ScanRecord], labels: LabelRule = .checked, withFeatures: Bool = false
  ) throws -> ScanPredictions {
    guard model.card.output == .softmax else { throw LabelFormError.needsClasses("this") }
    let vocabulary = try LabelVocabulary(model.card.labels)
    if labels == .checked {
      try LabelFormError.check(records, against: model.card)
      _ = try vocabulary.targets(of: records)
    }
    let answers = try answers(of: model, on: records, withFeatures: withFeatures)
    return ScanPredictions(
      records: answers.records,
      predictions: zip(answers.records, answers.logits).map { Prediction($0, label: $0.label.flatMap(vocabulary.index), logits: $1) },
      logits: answers.logits, features: answers.features, unreadable: answers.unreadable)
  }

  /// The answers of a model that gives each finding a probability of its own.
  /// - Throws: as `predict`; `LabelFormError` for a model of classes that exclude each other.
  public func predictFindings(
    _ model: Model, on records: [ScanRecord], labels: LabelRule = .checked, withFeatures: Bool = false
  ) throws -> ScanFindings {
    precondition(model.card.output == .sigmoid, "findings asked of a model whose classes exclude each other")
    let vocabulary = try LabelVocabulary(model.card.labels)
    if labels == .checked {
      try LabelFormError.check(records, against: model.card)
      _ = try vocabulary.findings(of: records)
    }
    let answers = try answers(of: model, on: records, withFeatures: withFeatures)
    return ScanFindings(
      records: answers.records,
      predictions: zip(answers.records, answers.logits).map { record, logits in
        MultiLabelPrediction(record, labels: vocabulary.labels.map { record.findings[$0] }, logits: logits)
      },
      features: answers.features, unreadable: answers.unreadable)
  }

  private struct Answers {
    let records: [ScanRecord]
    let logits: [[Float]]
    let features: [[Float]]?
    let unreadable: [UnreadableScan]
  }

  private func answers(of model: Model, on records: [ScanRecord], withFeatures: Bool) throws -> Answers {
    let outputs = withFeatures ? [model.logits, model.features] : [model.logits]
    let graph = try Graph(nodes: model.graph.nodes, outputs: outputs, features: model.features)
    let executor = try Executor(graph: graph, parameters: model.parameters, inputs: model.inputs, threads: budget.threads)

    var readable: [ScanRecord] = []
    var failures: [ScanFailure] = []
    var logits: [[Float]] = []
    var features: [[Float]] = []
    var waiting: [FeatureMaps] = []
    func runWaiting() throws {
      guard !waiting.isEmpty else { return }
      let outputs = try executor.run([model.input: FeatureMaps.joined(waiting)]).outputs
      waiting = []
      logits += outputs[model.logits]!.rows
      if withFeatures { features += outputs[model.features]!.rows }
    }
    // One scan at a time, so that one of another size fails alone.
    let scans = loader.batches(of: records, size: 1)
    for scan in scans {
      let (record, image) = (scan.records[0], FeatureMaps(scan.images))
      guard image.shape == model.card.inputShape else {
        failures.append(.init(path: record.path, reason: "is \(image.shape) after preprocessing; expected \(model.card.inputShape)"))
        continue
      }
      readable.append(record)
      waiting.append(image)
      if waiting.count >= budget.inferenceBatch { try runWaiting() }
    }
    try runWaiting()
    failures += scans.failures
    for (record, row) in zip(readable, logits) where !row.allSatisfy(\.isFinite) { throw PredictionError.notFinite(scan: record.path) }
    return Answers(
      records: readable, logits: logits, features: withFeatures ? features : nil, unreadable: failures.map(UnreadableScan.init))
  }
}

/// A model's answer that is none.
public enum PredictionError: Error, Hashable, Sendable, CustomStringConvertible {
  case notFinite(scan: String)

  public var description: String {
    switch self {
    case .notFinite(let scan): "\(scan): the model's output isn't a finite number; expected finite logits (are its weights sound?)"
    }
  }
}
