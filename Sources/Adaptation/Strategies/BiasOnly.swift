import Graphs
import ModelFiles

/// Every bias, and beta of every normalization; all that multiplies stays.
///
/// What counts as a bias: what a layer adds to each channel. In a network with BatchNorm convolutions carry none, because beta is it:
/// `y = gamma (x - mu) / sqrt(var + eps) + beta`. So beta trains and gamma doesn't, and the biases of convolutions and linear layers do
/// where they are (VGG). Half of `bn-only`'s parameters, about 0.1 % of a ResNet's or less. **Statistics**: batch ones while
/// training, the target's training patients' re-estimated after (each layer's input has moved). **Head**: trained by default, as BitFit's.
///
/// Helps with few patients, where thresholds moved rather than features. Hurts where channels need another scale or shape: a shift can turn a channel off, not change what it sees.
///
/// Ben Zaken, Ravfogel and Goldberg 2022, "BitFit"; Cai, Gan, Zhu and Han 2020, "TinyTL: Reduce memory, not parameters".
public struct BiasOnly: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source

  public init(head: HeadPolicy = .train, trainingSource: NormalizationOperator.Source = .batch) {
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "bias-only" }
  public var summary: String { "biases, and beta of every normalization" }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 3e-3) }
  public static let options = [StrategyOption<Self>("source", \.trainingSource, "statistics while training")]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    func isBias(_ declaration: ParameterDeclaration) -> Bool {
      declaration.role == .bias || declaration.role == .affine && declaration.id.field == "bias"
    }
    let head = Set(model.graph.headParameters.map(\.id))
    guard model.graph.parameters.contains(where: { isBias($0) && !head.contains($0.id) }) else {
      throw StrategyError.nothingToTrain(strategy: name, sought: "biases or normalizations' betas below the head")
    }
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    return model.graph.trainablePlan(head: self.head, backbone: isBias)
  }
}
