import Engine
import ModelFiles

extension InstanceNormalizationSwap {
  /// The rewritten model, checked on a few scans to have changed.
  ///
  /// - Parameter scans: a few prepared images.
  /// - Throws: as `applied(to:input:)`, and `RewriteExpectationError` where the output didn't change.
  public func applied(to model: Model, checkedOn scans: FeatureMaps, threads: Int? = nil) throws -> Model {
    var swapped = try model.replacingGraph(applied(to: model.graph, input: model.card.inputShape))
    try NoOpDetector().check(
      "BatchNorm to instance normalization", expectation, before: (model.graph, model.parameters),
      after: (swapped.graph, swapped.parameters), on: scans, threads: threads)
    let which =
      switch layers {
      case .all: "every layer"
      case .matching(let patterns): patterns.joined(separator: ", ")
      }
    swapped.card.statistics = "instance normalization (\(which)); otherwise \(model.card.statistics)"
    swapped.card.provenance.append("BatchNorm to instance normalization: \(which)")
    return swapped
  }
}
