import Cohorts
import Engine
import Graphs
import ModelFiles
import Tensors

/// New classes for a head that knows others: its rows stay, and each label that it lacks gets a row, from the features of the training
/// patients' scans that bear it.
///
/// The old rows keep their bits unless all of them are trained; where nothing below the head moves and only new rows train, so do the
/// old classes' logits. New rows come
/// - imprinted: `w = s m / |m|` with `m` the mean of the class's features, each scaled to length 1, and `s` the old rows' mean length;
///   the bias is the old ones' mean. Qi, Brown and Lowe 2018, "Low-shot learning with imprinted weights";
/// - by linear discriminant analysis: `w = S^-1 mu`, `b = -1/2 mu' S^-1 mu + log prior`, with `S` the covariance within all classes
///   of the training scans, shrunk to `(1 - a) S + a tr(S) / d I`. Hayes and Kanan 2020, "Lifelong machine learning with deep streaming
///   linear discriminant analysis".
///
/// Then they are trained by the loss over all classes, the old rows held (or not). Rows are made on the features that training starts
/// from: under the statistics the strategy took, where it took any.
///
/// Helps when a clinic has a finding the network was never shown and a few patients with it. Hurts when the features don't tell it from
/// the old classes, and untrained rows may be out of scale with trained ones (LDA's more than imprinted ones): old scans then get the new
/// label. With all rows trained on scans of the new classes alone, the old ones are forgotten.
public struct HeadExtension: Hashable, Sendable {
  /// How a new row begins.
  public enum Rows: String, Hashable, Sendable, StrategyOptionValue, CaseIterable {
    case imprinted, lda
  }

  /// What of the head trains after.
  public enum Trained: String, Hashable, Sendable, StrategyOptionValue, CaseIterable {
    case none, new, all
  }

  public var rows: Rows
  public var trains: Trained
  /// For LDA, in 0 to 1.
  public var shrinkage: Double

  public init(rows: Rows = .imprinted, trains: Trained = .new, shrinkage: Double = 0.1) {
    self.rows = rows
    self.trains = trains
    self.shrinkage = shrinkage
  }

  /// Fills the rows of a head's last labels from the training scans' features.
  /// - Parameters:
  ///   - model: with the new rows in place, their values without meaning.
  ///   - labelled: readable training scans that have a label.
  ///   - oldLabels: how many labels the source has.
  /// - Throws: `HeadExtensionError`.
  func fill(_ model: inout Model, from labelled: [ScanRecord], of scans: RunScans, oldLabels: Int, budget: ComputeBudget) throws {
    guard let classifier = model.graph.classifier, let input = model.graph[classifier.name]?.inputs.first else {
      throw HeadExtensionError.noClassifier
    }
    let vocabulary = try LabelVocabulary(model.card.labels)
    let classes = try vocabulary.targets(of: labelled).compactMap(\.self)
    let new = Array(oldLabels..<model.card.labels.count)
    for index in new where !classes.contains(index) { throw HeadExtensionError.noScans(label: model.card.labels[index]) }

    let features = try Self.features(of: labelled, at: input, model, scans, budget)
    let weight = ParameterID(path: classifier.name, field: "weight")
    let bias = classifier.operation.hasBias ? ParameterID(path: classifier.name, field: "bias") : nil
    let width = classifier.operation.inputFeatures
    let old = model.parameters.withValues(of: weight) { values in
      (0..<oldLabels).map { row in values[(row * width)..<((row + 1) * width)].map(Double.init) }
    }
    let oldBiases = bias.map { id in model.parameters.withValues(of: id) { $0[..<oldLabels].map(Double.init) } }
    let made: ClassRows =
      switch rows {
      case .imprinted: try ClassRows(imprinting: features, classes, of: new, besideRows: old, biases: oldBiases ?? [])
      case .lda: try ClassRows(discriminating: features, classes, of: new, shrinkage: shrinkage)
      }
    for (position, index) in new.enumerated() {
      model.parameters.withMutableValues(of: weight) { values in
        for column in 0..<width { values[index * width + column] = Float(made.weights[position][column]) }
      }
      if let bias { model.parameters.withMutableValues(of: bias) { $0[index] = Float(made.biases[position]) } }
    }
  }

  /// What the last layer reads, a row a scan.
  private static func features(
    of records: [ScanRecord], at node: String, _ model: Model, _ scans: RunScans, _ budget: ComputeBudget
  ) throws -> [[Double]] {
    let graph = try model.graph.cut(from: [:], to: [node])
    let executor = try Executor(graph: graph, parameters: model.parameters, inputs: model.inputs, threads: budget.threads)
    var rows: [[Double]] = []
    try scans.forEachBatch(records.chunked(by: budget.inferenceBatch)) { _, images in
      rows += try executor.run([model.input: images]).outputs[node]!.rows.map { $0.map(Double.init) }
      return true
    }
    return rows
  }
}

extension HeadExtension {
  /// `rows=lda,trains=none,shrinkage=0.3`: what differs from the default, or anything of it in any order.
  init?(optionText: String) {
    self.init()
    for setting in optionText.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = setting.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { return nil }
      switch pair[0] {
      case "rows":
        guard let value = Rows(rawValue: pair[1]) else { return nil }
        rows = value
      case "trains":
        guard let value = Trained(rawValue: pair[1]) else { return nil }
        trains = value
      case "shrinkage":
        guard let value = Double(pair[1]), (0...1).contains(value) else { return nil }
        shrinkage = value
      default: return nil
      }
    }
  }

  var optionText: String {
    let standard = HeadExtension()
    var changed: [String] = []
    if rows != standard.rows { changed.append("rows=\(rows.rawValue)") }
    if trains != standard.trains { changed.append("trains=\(trains.rawValue)") }
    if shrinkage != standard.shrinkage { changed.append("shrinkage=\(shrinkage)") }
    return changed.joined(separator: ",")
  }
}

/// Why a head can't be given more classes.
public enum HeadExtensionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Every label of the scans is one of the model's.
  case nothingNew(known: [String])
  /// A row is made from scans that bear the label, and no training scan does.
  case noScans(label: String)
  case noClassifier
  /// Every feature of a class's scans is zero.
  case noFeatures(label: Int)
  /// The features' covariance within classes has no inverse.
  case singular(scans: Int, features: Int, shrinkage: Double)

  public var description: String {
    switch self {
    case .nothingNew(let known):
      "found no label that the model lacks (it has \(LabelVocabularyError.list(known))); expected a new one for --head extend"
    case .noScans(let label): "no readable training scan bears the new label '\(label)'; expected one at least to make its row from"
    case .noClassifier: "--head extend adds rows to the last linear layer; this network doesn't end with one after its features"
    case .noFeatures(let label): "every feature of the new class \(label)'s scans is 0; expected features that tell it from others"
    case .singular(let scans, let features, let shrinkage):
      "the covariance of \(features) features within the classes of \(scans) scans has no inverse at shrinkage \(shrinkage); expected two "
        + "scans or more of a class that differ, and a larger shrinkage (or rows=imprinted)"
    }
  }
}
