import Graphs
import ModelFiles
import Normalization

/// A 1×1 convolution beside each larger one trains, and is folded into its centre tap at the end.
///
/// `y = W * x + P x`; P starts at zero, so nothing changes before it trains. Merged, `W[o,i,c,c] + P[o,i]`: no cost at inference.
/// **Statistics**: batch ones while training (or stored), the target's training patients' re-estimated after. **Head**: kept by default.
///
/// Helps where channels must be mixed anew and the shapes of the filters are right, a ninth of a 3×3 network's weights. Hurts where the
/// resolution or the texture changed, which a centre tap can't follow, and with few patients: it has far more numbers than low-rank
/// adaptation. Depthwise convolutions get a factor per channel.
///
/// Rebuffi, Bilen and Vedaldi 2018, "Efficient parametrization of multi-domain deep neural networks".
public struct ParallelAdapter: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  public var layers: LayerSelector
  /// Whether gamma and beta of every normalization train too.
  public var trainsAffine: Bool
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source
  public private(set) var decision: String?

  public init(
    layers: LayerSelector = .all, trainsAffine: Bool = false, head: HeadPolicy = .keep,
    trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.layers = layers
    self.trainsAffine = trainsAffine
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "parallel-adapter" }
  public var summary: String { "a 1×1 convolution beside each larger one" + (trainsAffine ? ", gamma and beta" : "") }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 1e-3) }
  public var expectation: RewriteExpectation? { .identityUntilTrained }
  public static let options = [
    StrategyOption<Self>("layers", \.layers, "convolutions to put one beside"),
    StrategyOption<Self>("affine", \.trainsAffine, "gamma and beta train too"),
    StrategyOption<Self>("source", \.trainingSource, "normalizations' statistics while training"),
  ]

  public func decided(on evidence: TrainingEvidence) throws -> Self {
    var decided = self
    decided.decision = "beside " + (try choice(in: evidence.model.graph).sentence("convolutions"))
    return decided
  }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    let branches = try choice(in: model.graph).names.map(ParallelBranch.init)
    var graph = model.graph.training(from: trainingSource)
    for branch in branches { graph = try graph.adding(branch) }
    let settled = model.graph.trainablePlan(head: head) { trainsAffine && $0.role == .affine }?.trainable ?? []
    // What a rewrite adds is zero.
    model = try model.replacingGraph(graph)
    return try TrainablePlan(trainable: settled.union(branches.map(\.weight)))
  }

  public func finalize(_ model: inout Model) throws -> [String] {
    let layers = model.graph.parallelBranches.map(\.layer)
    let merged = try model.graph.mergingParallelBranches(in: model.parameters)
    model = try Model(graph: merged.graph, parameters: merged.parameters, card: model.card)
    return layers
  }

  private func choice(in graph: Graph) throws(AdditionError) -> AdditionPlaces.Choice {
    let convolutions = graph.nodes.filter { if case .convolution = $0.operation { true } else { false } }
    let candidates = convolutions.map { ($0.name, ParallelBranch.obstacle(at: $0)) }
    return try AdditionPlaces(addition: "a parallel adapter", places: "convolutions of 3×3 or more", candidates: candidates)
      .chosen(by: layers)
  }
}
