import Graphs
import ModelFiles
import Normalization

/// Chosen BatchNorm layers become instance normalization: each scan is normalized by itself, so the scanner's gain and offset drop out
/// whatever scanner it is. Gamma and beta are kept, and trained if asked.
///
/// `y = gamma (x - mu(x)) / sqrt(var(x) + eps) + beta`, moments over one scan's H×W, biased. **Statistics**: none in the swapped layers;
/// the target's training patients' in BatchNorm layers that stay. **Head**: kept by default.
///
/// Helps when scanners differ in contrast and brightness and new ones keep coming. Hurts when the class is in the mean intensity, which
/// it removes, and in late layers with few pixels; the swap alone is another network than the one that was trained, so train its affine.
///
/// Ulyanov, Vedaldi and Lempitsky 2016; Pan et al. 2018 (IBN: first stages only).
public struct InstanceNormalized: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var layers: LayerSelector
  /// Whether gamma and beta of the swapped layers train.
  public var trainsAffine: Bool
  public var head: HeadPolicy

  public init(layers: LayerSelector = .all, trainsAffine: Bool = false, head: HeadPolicy = .keep) {
    self.layers = layers
    self.trainsAffine = trainsAffine
    self.head = head
  }

  public var name: String { trainsAffine ? "instance-norm-affine" : "instance-norm" }
  public var summary: String {
    trainsAffine ? "instance normalization, its gamma and beta trained" : "instance normalization with the source's gamma and beta"
  }
  public var defaultTraining: TrainingConfiguration {
    trainsAffine ? NormalizationOnly().defaultTraining : LinearProbe().defaultTraining
  }
  public var expectation: RewriteExpectation? { .changesOutput }
  public static let options = [StrategyOption<Self>("layers", \.layers, "normalizations to swap")]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    let batchLayers = model.graph.normalizations.filter { $0.operation.keepsStatistics }.map(\.name)
    let swapped = Set(try layers.select(from: batchLayers))
    let graph = try InstanceNormalizationSwap(layers: layers).applied(to: model.graph, input: model.card.inputShape)
    model = try model.replacingGraph(graph.training(from: .stored))
    return model.graph.trainablePlan(head: head) { trainsAffine && $0.role == .affine && swapped.contains($0.id.path) }
  }
}
