import Graphs
import ModelFiles
import Normalization

/// A small bottleneck behind each block trains, and stays in the network.
///
/// `y = x + W2 relu(W1 x + b1) + b2`, 1×1 convolutions to `channels / reduction` and back; W2, b1 and b2 start at zero, so nothing changes
/// before it trains. **Statistics**: batch ones while training (or stored), the target's training patients' re-estimated after.
/// **Head**: kept by default.
///
/// Helps where what a block says must be corrected, and not how it says it; one backbone can then serve several scanners. Hurts the
/// speed of inference, since the nonlinearity inside can't be merged, and few patients: BN-only or low-rank adaptation have fewer numbers.
/// PyTorch's own network doesn't have these layers: the model file says how to build them.
///
/// Houlsby et al. 2019, "Parameter-efficient transfer learning for NLP"; Rebuffi et al. 2017, "Learning multiple visual domains with
/// residual adapters".
public struct SeriesAdapter: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// Channels of a block over those of its bottleneck.
  public var reduction: Int
  /// Blocks, by their paths.
  public var layers: LayerSelector
  /// Whether gamma and beta of every normalization train too.
  public var trainsAffine: Bool
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source
  /// Keys W1's start; the training's once decided.
  private var seed: UInt64 = 0
  public private(set) var decision: String?

  public init(
    reduction: Int = 4, layers: LayerSelector = .all, trainsAffine: Bool = false, head: HeadPolicy = .keep,
    trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.reduction = reduction
    self.layers = layers
    self.trainsAffine = trainsAffine
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "series-adapter" }
  public var summary: String { "a bottleneck behind each block" + (trainsAffine ? ", gamma and beta" : "") }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 1e-3) }
  public var expectation: RewriteExpectation? { .identityUntilTrained }
  public static let options = [
    StrategyOption<Self>("reduction", \.reduction, "a block's channels over its bottleneck's"),
    StrategyOption<Self>("layers", \.layers, "blocks to put one behind"),
    StrategyOption<Self>("affine", \.trainsAffine, "gamma and beta train too"),
    StrategyOption<Self>("source", \.trainingSource, "normalizations' statistics while training"),
  ]

  public func decided(on evidence: TrainingEvidence) throws -> Self {
    var decided = self
    decided.seed = evidence.training.seed
    decided.decision = "behind " + (try choice(in: evidence.model.graph).sentence("blocks"))
    return decided
  }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard reduction >= 1 else {
      throw StrategyError.setting(strategy: name, option: "reduction", found: "\(reduction)", expected: "1 or more")
    }
    let (input, before) = (model.card.inputShape, model.graph)
    let shapes = try before.shapes(input: input)
    let exits = Dictionary(uniqueKeysWithValues: before.blockExits)
    var graph = before.training(from: trainingSource)
    var added: [ParameterID] = []
    let bottlenecks = try choice(in: before).names.map { block in
      SeriesBottleneck(block: block, width: max(shapes[exits[block]!]!.channels / reduction, 1))
    }
    for bottleneck in bottlenecks where !before.parameters.map(\.id).contains(bottleneck.down) {
      graph = try graph.adding(bottleneck, input: input)
      added.append(bottleneck.down)
    }
    let settled = before.trainablePlan(head: head) { trainsAffine && $0.role == .affine }?.trainable ?? []
    model = try model.replacingGraph(graph)
    model.graph.initializeUniformly(added, in: &model.parameters, seed: seed)
    // A bottleneck of an earlier adaptation trains on.
    let paths = Set(bottlenecks.flatMap { ["\($0.block).adapter.down", "\($0.block).adapter.up"] })
    return try TrainablePlan(trainable: settled.union(graph.parameters.map(\.id).filter { paths.contains($0.path) }))
  }

  private var addition: String { "a series adapter" }

  private func choice(in graph: Graph) throws(AdditionError) -> AdditionPlaces.Choice {
    let exits = Set(graph.blockExits.map(\.block))
    let candidates = graph.blocks.map { ($0, exits.contains($0) ? nil : "its result isn't a single tensor") }
    return try AdditionPlaces(addition: addition, places: "blocks, numbered in the layers' names", candidates: candidates)
      .chosen(by: layers)
  }
}
