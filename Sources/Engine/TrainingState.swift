import Graphs
import Tensors

/// What a training step reports.
public struct StepOutcome: Sendable {
  /// The batch's mean loss, before the step's change of the parameters.
  public let loss: Double
  /// The network's output for the batch, in training mode.
  public let logits: FeatureMaps
  /// The global L2 norm of all gradients, before clipping.
  public let gradientNorm: Double
}

/// The loss and its gradient at the current parameters.
public struct GradientOutcome: Sendable {
  public let loss: Double
  public let logits: FeatureMaps
  /// For everything that trains, in the parameter's own shape.
  public let gradients: [ParameterID: Tensor]
}

/// A network in training: the one owner of its parameters, which steps change in place.
public struct TrainingState: ~Copyable {
  /// - Parameters:
  ///   - parameters: values for at least what the graph declares; all of them come back from `finish`.
  ///   - plan: what trains.
  ///   - inputs: the shape fed at each input node; the graph may be a cut whose inputs are features.
  ///   - seed: dropout's masks are a function of (seed, step index, layer).
  public init(
    graph: Graph, parameters: consuming Parameters, plan: TrainablePlan, loss: Loss, optimizer: Optimizer,
    inputs: [String: FeatureShape], seed: UInt64, threads: Int? = nil
  ) throws(PlanError) { fatalError("not yet") }

  /// One forward pass, backward pass and change of the parameters (and of running statistics, where a normalization updates them).
  ///
  /// - Parameters:
  ///   - targets: each image's class; nil leaves it out of the loss (its pixels still count in batch statistics).
  ///   - stepIndex: the number of this step in the whole run; it keys dropout and is named in errors.
  /// - Throws: `RunError`, and then nothing has changed.
  public mutating func step(
    _ inputs: [String: FeatureMaps], targets: [Int?], learningRate: Double, stepIndex: Int
  ) throws(RunError) -> StepOutcome { fatalError("not yet") }

  /// The gradients that `step` would use, unclipped; changes nothing.
  public mutating func gradients(
    _ inputs: [String: FeatureMaps], targets: [Int?], stepIndex: Int
  ) throws(RunError) -> GradientOutcome { fatalError("not yet") }

  /// A snapshot of the current values.
  public var parameters: Parameters { fatalError("not yet") }

  /// For checkpoints; setting it continues from one.
  public var optimizerState: OptimizerState {
    get { fatalError("not yet") }
    set { fatalError("not yet") }
  }

  /// Ends training and returns the values.
  public consuming func finish() -> Parameters { fatalError("not yet") }
}
