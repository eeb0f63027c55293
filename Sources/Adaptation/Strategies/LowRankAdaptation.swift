import Graphs
import ModelFiles
import Normalization

/// Low-rank adaptation: beside each frozen layer a product of two thin ones trains, and is folded into the layer at the end.
///
/// `y = W x + s B (A x)`, A with the layer's kernel and `rank` outputs, B 1×1, `s = alpha / rank` (rank-stabilized: `alpha / √rank`).
/// A starts Kaiming-uniform, B at zero, so nothing changes before it trains. **Statistics**: batch ones while training (or stored), the
/// target's training patients' re-estimated after. **Head**: kept by default; its last layer is never low-rank.
///
/// Helps between BN-only and full fine-tuning: new filters with a few per cent of the variance that all weights have, and an adapter of
/// some hundred kilobytes. Hurts where a dozen patients are all there is (more numbers than BN-only), where the task needs many new
/// directions at once (raise the rank), and little is saved in small layers. Depthwise convolutions have no rank to lower and are left.
///
/// Hu et al. 2021, "LoRA"; Kalajdzievski 2023 (rank stabilization).
public struct LowRankAdaptation: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  public var rank: Int
  public var alpha: Double
  public var isRankStabilized: Bool
  public var layers: LayerSelector
  /// Whether gamma and beta of every normalization train too.
  public var trainsAffine: Bool
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source
  /// Keys A's start; the training's once decided.
  private var seed: UInt64 = 0
  public private(set) var decision: String?

  public init(
    rank: Int = 4, alpha: Double = 8, isRankStabilized: Bool = false, layers: LayerSelector = .all, trainsAffine: Bool = false,
    head: HeadPolicy = .keep, trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.rank = rank
    self.alpha = alpha
    self.isRankStabilized = isRankStabilized
    self.layers = layers
    self.trainsAffine = trainsAffine
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "lora" }
  public var summary: String { "a change of rank \(rank) in each layer" + (trainsAffine ? ", gamma and beta" : "") }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 2e-3) }
  public var expectation: RewriteExpectation? { .identityUntilTrained }
  public static let options = [
    StrategyOption<Self>("rank", \.rank, "of each layer's change"),
    StrategyOption<Self>("alpha", \.alpha, "the change weighs alpha / rank"),
    StrategyOption<Self>("rslora", \.isRankStabilized, "it weighs alpha / √rank"),
    StrategyOption<Self>("layers", \.layers, "convolutions and linear layers to change"),
    StrategyOption<Self>("affine", \.trainsAffine, "gamma and beta train too"),
    StrategyOption<Self>("source", \.trainingSource, "normalizations' statistics while training"),
  ]

  public func decided(on evidence: TrainingEvidence) throws -> Self {
    var decided = self
    decided.seed = evidence.training.seed
    decided.decision = "rank \(rank) in " + (try choice(in: evidence.model.graph).sentence("layers"))
    return decided
  }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard rank >= 1 else { throw StrategyError.setting(strategy: name, option: "rank", found: "\(rank)", expected: "1 or more") }
    guard alpha > 0 else { throw StrategyError.setting(strategy: name, option: "alpha", found: "\(alpha)", expected: "more than 0") }
    let scale = Float(isRankStabilized ? alpha / Double(rank).squareRoot() : alpha / Double(rank))
    let updates = try choice(in: model.graph).names.map { LowRankUpdate(layer: $0, rank: rank, scale: scale) }
    var graph = model.graph.training(from: trainingSource)
    for update in updates { graph = try graph.adding(update) }
    let settled = model.graph.trainablePlan(head: head) { trainsAffine && $0.role == .affine }?.trainable ?? []
    model = try model.replacingGraph(graph)
    model.graph.initializeUniformly(updates.map(\.a), in: &model.parameters, seed: seed)
    return try TrainablePlan(trainable: settled.union(updates.flatMap { [$0.a, $0.b] }))
  }

  public func finalize(_ model: inout Model) throws -> [String] {
    let layers = model.graph.lowRankUpdates.map(\.layer)
    let merged = try model.graph.mergingLowRankUpdates(in: model.parameters)
    model = try Model(graph: merged.graph, parameters: merged.parameters, card: model.card)
    return layers
  }

  private var addition: String { "a low-rank update" }

  /// Of the backbone, and of a kept head's hidden layers: a head that trains does so whole.
  private func choice(in graph: Graph) throws(AdditionError) -> AdditionPlaces.Choice {
    let head = Set(graph.headNodes.map(\.name))
    let weighted = graph.nodes.filter { node in
      switch node.operation {
      case .convolution, .linear: !(self.head.trains && head.contains(node.name))
      default: false
      }
    }
    let candidates = weighted.map { node in
      let isLast = node.name == graph.classifier?.name
      return (
        node.name,
        isLast
          ? "the layer of the logits belongs to the head, which trains whole or not at all" : LowRankUpdate.obstacle(at: node, rank: rank)
      )
    }
    return try AdditionPlaces(addition: addition, places: "convolutions or linear layers", candidates: candidates).chosen(by: layers)
  }
}
