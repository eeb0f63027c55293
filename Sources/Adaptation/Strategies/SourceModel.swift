import Graphs
import ModelFiles

/// The source model as it is: the line every other strategy is compared with.
///
/// **Statistics**: the source's, untouched. **Head**: kept by default; with `.train` or `.new` the head alone is trained on features
/// under the source's statistics, which is how a backbone pretrained for other classes becomes a source model for these labels.
///
/// Helps when the scanners agree. Hurts nothing, which is why it is the reference.
public struct SourceModel: AdaptationStrategy {
  public var statistics = StatisticsPolicy.source
  public var head: HeadPolicy

  public init(head: HeadPolicy = .keep) { self.head = head }

  public var name: String { "source" }
  public var summary: String { "the source model, unchanged" }
  public var defaultTraining: TrainingConfiguration { LinearProbe().defaultTraining }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    model = try model.replacingGraph(model.graph.training(from: .stored))
    return model.graph.trainablePlan(head: head) { _ in false }
  }
}
