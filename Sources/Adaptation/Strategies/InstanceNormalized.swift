import Graphs
import ModelFiles
import Normalization

/// Chosen BatchNorm layers, or some of their channels, become instance normalization: each scan is normalized by itself, so the scanner's
/// gain and offset drop out whatever scanner it is. Gamma and beta are kept, matched anew, or trained.
///
/// `y = gamma (x - mu(x)) / sqrt(var(x) + eps) + beta`, moments over one scan's H×W, biased. `stages=N` takes the first N sizes of maps,
/// `layers=` those that match. `channels=icc` takes channels whose variance lies between training scans rather than within
/// (`IntraclassCorrelation`, at or above `threshold`); `channels=half` the first half of each layer, as IBN-Net (there `bn1` of blocks in
/// the first three stages: `layers=layer[123].*.bn1,channels=half`). `rematch=yes` sets gamma and beta so that each swapped channel's
/// output keeps the mean and variance over the training scans that it had in the network as it came (`AffineRematch`).
///
/// **Statistics**: none in swapped channels; the target's training patients' in BatchNorm that stays. **Head**: kept by default.
///
/// Helps when scanners differ in contrast and brightness and new ones keep coming, in the first stages above all, where channels carry
/// appearance. Hurts when the class is in the mean intensity, which it removes, and in late layers with few pixels; the swap alone is
/// another network than the one that was trained, so train its affine. A high ICC may be the class's as well as the scanner's.
/// Rematching serves scans like those the network was trained on, for the sake of scanners to come; on a scanner whose own displacement
/// is the trouble it keeps that displacement.
///
/// Ulyanov, Vedaldi and Lempitsky 2016; Pan et al. 2018, "Two at once" (IBN).
public struct InstanceNormalized: AdaptationStrategy {
  /// Which channels of a chosen layer.
  public enum Channels: String, Hashable, Sendable, Codable, CaseIterable, StrategyOptionValue { case all, half, icc }

  public var statistics = StatisticsPolicy.target()
  public var layers: LayerSelector
  /// The first so many sizes of maps; nil takes all.
  public var stages: Int?
  public var channels: Channels
  /// For `.icc`: the least share of a channel's variance that lies between scans.
  public var threshold: Double
  public var rematch: Bool
  /// Whether gamma and beta of the swapped layers train.
  public var trainsAffine: Bool
  public var head: HeadPolicy
  /// What the training scans decided; nil before.
  var fitted: [InstanceNormalizationFit.Layer]?

  public init(
    layers: LayerSelector = .all, stages: Int? = nil, channels: Channels = .all, threshold: Double = 0.5, rematch: Bool = false,
    trainsAffine: Bool = false, head: HeadPolicy = .keep
  ) {
    self.layers = layers
    self.stages = stages
    self.channels = channels
    self.threshold = threshold
    self.rematch = rematch
    self.trainsAffine = trainsAffine
    self.head = head
  }

  public var name: String { trainsAffine ? "instance-norm-affine" : "instance-norm" }
  public var summary: String {
    (channels == .all ? "" : "partial ") + "instance normalization"
      + (trainsAffine ? ", its gamma and beta trained" : rematch ? ", gamma and beta matched anew" : " with the source's gamma and beta")
  }
  public var defaultTraining: TrainingConfiguration {
    trainsAffine ? NormalizationOnly().defaultTraining : LinearProbe().defaultTraining
  }
  public var expectation: RewriteExpectation? { .changesOutput }
  public static let options = [
    StrategyOption<Self>("layers", \.layers, "normalizations to swap"),
    StrategyOption("stages", \.stages, "only on the first so many sizes of maps"),
    StrategyOption("channels", \.channels, "channels of each; icc has a threshold=, 0.5 unless given"),
    StrategyOption("threshold", \.threshold, "least share of variance between scans") { $0.channels == .icc },
    StrategyOption("rematch", \.rematch, "gamma and beta that keep each output's mean and variance"),
  ]
  /// No BatchNorm stays, so no statistics are held.
  public var swapsEverything: Bool { layers == .all && stages == nil && channels == .all }

  private var swap: InstanceNormalizationSwap {
    InstanceNormalizationSwap(layers: layers, stages: stages, channels: channels == .half ? .firstHalf : .all)
  }

  public func decided(on evidence: TrainingEvidence) throws -> Self {
    guard channels == .icc || rematch else { return self }
    if channels == .icc, !(0...1).contains(threshold) {
      throw StrategyOptionError(strategy: name, reason: .value("threshold", found: "\(threshold)", expected: "a share in 0…1"))
    }
    var blend: StatisticsBlend?
    if case .target(let recalibration) = statistics { blend = recalibration.blend }
    let fit = InstanceNormalizationFit(
      swap, threshold: channels == .icc ? threshold : nil, rematches: rematch, blend: blend, memoryLimit: evidence.budget.memory)
    var decided = self
    let model = evidence.model
    decided.fitted = try fit.layers(
      of: model.graph, model.parameters, input: model.card.inputShape, images: evidence.images, threads: evidence.budget.threads)
    return decided
  }

  public var decision: String? {
    fitted.map { layers in
      let marked = layers.flatMap(\.isInstance)
      let correlations = layers.compactMap(\.correlations).flatMap(\.self)
      let measured = correlations.max().map { " by a threshold of \(threshold), the largest ICC being \(rounded($0))" }
      return "\(marked.count(where: \.self)) of \(marked.count) channels in \(layers.count) layers per scan\(measured ?? "")"
        + (rematch ? ", gamma and beta matched anew" : "")
    }
  }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    var swap = swap
    if let fitted {
      let masks = Dictionary(uniqueKeysWithValues: fitted.map { ($0.name, $0.isInstance) })
      swap = InstanceNormalizationSwap(layers: layers, stages: stages, channels: .marked(masks))
      for layer in fitted { layer.store(in: &model.parameters) }
    }
    let graph = try swap.applied(to: model.graph, input: model.card.inputShape)
    let old = Dictionary(uniqueKeysWithValues: model.graph.normalizations.map { ($0.name, $0.operation) })
    let swapped = Set(graph.normalizations.filter { old[$0.name] != $0.operation }.map(\.name))
    model = try model.replacingGraph(graph.training(from: .stored))
    return model.graph.trainablePlan(head: head) { trainsAffine && $0.role == .affine && swapped.contains($0.id.path) }
  }

  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
