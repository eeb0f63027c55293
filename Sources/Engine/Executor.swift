import Graphs
import Tensors

/// Runs a graph with given parameters for one purpose, on any number of images at a time.
///
/// Parameters are bound once: folded, packed and kept. One plan per batch size is made and kept. Runs from several threads take turns.
public final class Executor: @unchecked Sendable {
  /// What a run yields.
  public struct Outcome: Sendable {
    /// By output node, in the graph's shapes.
    public let outputs: [String: FeatureMaps]
    /// Per image: of each observed node's output (`.inference`), or of each normalization's input (`.statistics`).
    public let moments: [String: [ChannelMoments]]
  }

  public let graph: Graph
  public let purpose: Purpose

  /// - Parameters:
  ///   - parameters: values for (at least) everything the graph declares.
  ///   - inputs: the shape that will be fed at each input node.
  ///   - purpose: `.inference` or `.statistics`; training is `TrainingState`'s.
  public init(
    graph: Graph, parameters: Parameters, inputs: [String: FeatureShape], purpose: Purpose = .inference(),
    threads: Int? = nil
  ) throws(PlanError) {
    fatalError("not yet")
  }

  /// A network of one input, the usual case.
  public convenience init(
    graph: Graph, parameters: Parameters, input: FeatureShape, purpose: Purpose = .inference(), threads: Int? = nil
  ) throws(PlanError) {
    try self.init(
      graph: graph, parameters: parameters, inputs: Dictionary(uniqueKeysWithValues: graph.inputNodes.map { ($0, input) }),
      purpose: purpose, threads: threads)
  }

  /// Runs the program on a batch of any size; an image's results don't depend on the others, except through batch statistics.
  public func run(_ inputs: [String: FeatureMaps]) throws(RunError) -> Outcome { fatalError("not yet") }

  /// Feeds a network of one input and returns its only output.
  public func callAsFunction(_ images: FeatureMaps) throws(RunError) -> FeatureMaps {
    precondition(graph.inputNodes.count == 1 && graph.outputs.count == 1, "a call needs one input and one output")
    return try run([graph.inputNodes[0]: images]).outputs[graph.outputs[0]]!
  }

  /// The steps for a batch of this size, printable.
  public func program(batch: Int) -> Program { fatalError("not yet") }
}
