import Foundation
import Graphs
import ModelFiles

/// The layers that the target's labels pull hardest for their size; or all layers, each at a rate by that pull.
///
/// `RGN_l = ||g_l|| / ||w_l||`, the mean over a few batches of the labelled training scans, with the loss of the training to come; a
/// normalization's gamma and beta are a layer like any other. Hard: the layers of largest RGN train, all else is frozen. Soft: every layer
/// trains at the rate `RGN_l / max RGN`, the paper's Auto-RGN, measured once at the start rather than in each epoch. A layer whose values
/// are all 0 has no RGN and isn't chosen. **Statistics**: batch ones while training, the target's training patients' re-estimated after.
/// **Head**: trained, and not among what is chosen from.
///
/// Helps where the shift sits at one depth, early (noise, contrast) or late (another task), and nobody knows which. Hurts with a new head:
/// it sends a random direction's gradients back, and what they pull at says little; and with few scans the order of layers is noise
/// (the report gives the numbers). It ranks, it doesn't predict the gain.
///
/// Lee et al. 2023, "Surgical fine-tuning improves adaptation to distribution shifts".
public struct RelativeGradientNorm: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// How many layers train; 0 goes by `share`.
  public var count: Int
  /// The share of layers that train, at least one.
  public var share: Double
  /// Whether all layers train, at rates by their norm.
  public var isSoft: Bool
  /// Batches that are looked at.
  public var batches: Int
  /// Where normalizations take their statistics from while training, and while gradients are looked at.
  public var trainingSource: NormalizationOperator.Source
  /// Each layer's norm once it has been measured, in node order.
  private var measured: [LayerPull]?

  public init(
    count: Int = 0, share: Double = 0.25, soft: Bool = false, batches: Int = 4, head: HeadPolicy = .train,
    trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.count = count
    self.share = share
    isSoft = soft
    self.batches = batches
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "rgn" }
  public var summary: String {
    isSoft ? "every layer at a rate by its relative gradient norm" : "the layers of largest relative gradient norm"
  }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 15, learningRate: 1e-3) }
  public static let options = [
    StrategyOption<Self>("layers", \.count, "how many train, 0 for a share of them"),
    StrategyOption<Self>("share", \.share, "the share of layers that train"),
    StrategyOption<Self>("soft", \.isSoft, "all layers train, at rates by their norm"),
    StrategyOption<Self>("batches", \.batches, "batches to measure on"),
    StrategyOption<Self>("source", \.trainingSource, "statistics while training and measuring"),
  ]

  public func decided(on evidence: TrainingEvidence) throws -> Self {
    var model = evidence.model
    guard let everything = try prepare(&model) else { return self }
    var decided = self
    decided.measured = try LayerPull.measured(on: evidence, model: model, plan: everything, batches: batches, statistics: statistics)
    return decided
  }

  public var decision: String? {
    guard let measured else { return nil }
    let ranked = measured.sorted { ($1.norm, $0.layer) < ($0.norm, $1.layer) }
    let named = ranked.prefix(isSoft ? 8 : chosenCount(of: measured)).map { "\($0.layer) \(String(format: "%.4g", $0.norm))" }.joined(
      separator: ", ")
    return isSoft
      ? "learning rates by relative gradient norm, largest: \(named)"
      : "\(chosenCount(of: measured)) of \(measured.count) layers by relative gradient norm: \(named)"
  }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    func require(_ holds: Bool, _ option: String, _ found: some CustomStringConvertible, _ expected: String) throws(StrategyError) {
      if !holds { throw .setting(strategy: name, option: option, found: "\(found)", expected: expected) }
    }
    let layers = model.graph.backboneParts(by: .block).flatMap(\.parameters).reduce(into: Set()) { $0.insert($1.path) }.count
    try require((0...layers).contains(count), "layers", count, "0 to \(layers), the layers there are")
    try require(share > 0 && share <= 1, "share", share, "a share above 0, at most 1")
    try require(batches >= 1, "batches", batches, "1 or more")
    guard let measured else {
      model = try model.replacingGraph(model.graph.training(from: trainingSource))
      return model.graph.trainablePlan(head: head) { _ in true }
    }
    let ranked = measured.sorted { ($1.norm, $0.layer) < ($0.norm, $1.layer) }
    let chosen = Set(ranked.prefix(isSoft ? measured.count : chosenCount(of: measured)).map(\.layer))
    guard var plan = model.graph.trainablePlan(head: head, backbone: { chosen.contains($0.id.path) }) else { return nil }
    if isSoft {
      for pull in measured {
        for id in plan.trainable where id.path == pull.layer { plan.learningRateFactors[id] = Float(pull.norm / ranked[0].norm) }
      }
    }
    model = try model.replacingGraph(model.graph.training(from: trainingSource, under: plan))
    return plan
  }

  private func chosenCount(of measured: [LayerPull]) -> Int {
    count > 0 ? min(count, measured.count) : max(1, Int((share * Double(measured.count)).rounded()))
  }
}
