import Graphs
import ModelFiles
import Normalization

/// The end of the backbone and the head; everything before is frozen.
///
/// Depth decides what features are about: early ones edges and textures, which scanners share or normalization statistics mend, late ones
/// the task. **Statistics**: the target's training patients'. Below what trains they are stored ones, so the frozen layers run once for
/// all epochs; from there on batch ones while training, re-estimated after. **Head**: trained by default.
///
/// Helps with some dozens of patients and a new task on familiar images: a fraction of the cost of full fine-tuning, and less variance.
/// Hurts where the shift is in the input (noise, blur, contrast): then the first layers are the ones to train (`layers=conv1+bn1`), as
/// Lee et al. found for corrupted images. The last block often holds most of the weights: ResNet-18's last stage 75 % of them.
///
/// Which blocks there are: `Graph.backboneParts`. Yosinski et al. 2014; Lee et al. 2023, "Surgical fine-tuning improves adaptation to
/// distribution shifts".
public struct LastBlock: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// How many parts before the head train.
  public var blocks: Int
  public var unit: BackbonePart.Unit
  /// Layers to train instead of the last parts.
  public var layers: LayerSelector
  /// Where normalizations that train, or read what trains, take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source

  public init(
    blocks: Int = 1, by unit: BackbonePart.Unit = .stage, layers: LayerSelector = .all, head: HeadPolicy = .train,
    trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.blocks = blocks
    self.unit = unit
    self.layers = layers
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "last-block" }
  public var summary: String {
    layers == .all ? "the last \(blocks == 1 ? "\(unit)" : "\(blocks) \(unit)s") and the head" : "chosen layers and the head"
  }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 1e-3) }
  public static let options = [
    StrategyOption<Self>("blocks", \.blocks, "how many before the head train"),
    StrategyOption<Self>("by", \.unit, "what a block is"),
    StrategyOption<Self>("layers", \.layers, "layers to train instead of the last blocks"),
    StrategyOption<Self>("source", \.trainingSource, "statistics of what moves while training"),
  ]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    let chosen = try chosenParameters(of: model.graph)
    guard let plan = model.graph.trainablePlan(head: head, backbone: { chosen.contains($0.id) }) else { return nil }
    model = try model.replacingGraph(model.graph.training(from: trainingSource, under: plan))
    return plan
  }

  private func chosenParameters(of graph: Graph) throws -> Set<ParameterID> {
    let parts = graph.backboneParts(by: unit)
    guard case .matching = layers else {
      guard (1...max(parts.count, 1)).contains(blocks), !parts.isEmpty else {
        throw StrategyError.setting(strategy: name, option: "blocks", found: "\(blocks)", expected: "1 to \(parts.count) \(unit)s")
      }
      return Set(parts.suffix(blocks).flatMap(\.parameters))
    }
    guard blocks == 1 else {
      throw StrategyError.setting(strategy: name, option: "blocks", found: "\(blocks)", expected: "either blocks or layers")
    }
    var candidates: [String] = []
    for id in parts.flatMap(\.parameters) where candidates.last != id.path { candidates.append(id.path) }
    let selected = Set(try layers.select(from: candidates))
    return Set(parts.flatMap(\.parameters).filter { selected.contains($0.path) })
  }
}
