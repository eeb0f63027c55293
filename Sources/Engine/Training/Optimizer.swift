import Graphs
import Tensors

/// How gradients move parameters; the learning rate comes with each step.
public struct Optimizer: Hashable, Sendable, Codable {
  /// The update and its constants, under PyTorch's names.
  public enum Rule: Hashable, Sendable, Codable {
    /// PyTorch's `SGD`: `g += decay * w; m = momentum * m + g` (first step `m = g`); `w -= rate * (nesterov ? g + momentum * m : m)`.
    case sgd(momentum: Double = 0.9, nesterov: Bool = false, weightDecay: Double = 0)
    /// PyTorch's `AdamW`: decoupled decay, bias-corrected moments. Loshchilov and Hutter 2019.
    case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01)
  }

  public var rule: Rule
  /// Whether weight decay also pulls on biases and normalizations' gamma and beta, as PyTorch's does unless told otherwise.
  public var decaysAffineAndBias: Bool
  /// Gradients are scaled down together where their global norm exceeds this; nil leaves them alone.
  public var clippingNorm: Double?
  /// L2-SP's `lambda`: a penalty `lambda/2 ||w - w0||²` on what has a starting point `w0`, in place of weight decay and on biases and
  /// affine values too; nil is none. What has no starting point (a new head) decays as `rule` says.
  ///
  /// It goes where the rule's own decay goes: into the gradient with SGD, after clipping; apart from it with AdamW, `w -= rate * lambda *
  /// (w - w0)`, whose adaptive steps would otherwise undo its strength. Li, Grandvalet and Davoine 2018, "Explicit inductive bias for
  /// transfer learning with convolutional networks"; apart from the gradient as Loshchilov and Hutter's decay.
  public var startingPointPenalty: Double?

  public init(
    _ rule: Rule, decaysAffineAndBias: Bool = true, clippingNorm: Double? = nil, startingPointPenalty: Double? = nil
  ) {
    self.rule = rule
    self.decaysAffineAndBias = decaysAffineAndBias
    self.clippingNorm = clippingNorm
    self.startingPointPenalty = startingPointPenalty
  }
}

/// What an optimizer remembers between steps: enough, with the parameters, to continue with the same bits.
public struct OptimizerState: Sendable, Equatable {
  /// Steps taken, which AdamW's bias correction counts.
  public var stepsTaken: Int
  /// By slot (`momentum_buffer`; `exp_avg`, `exp_avg_sq`: PyTorch's names), then parameter, in the parameter's own shape.
  public var slots: [String: [ParameterID: Tensor]]

  public init(stepsTaken: Int = 0, slots: [String: [ParameterID: Tensor]] = [:]) {
    self.stepsTaken = stepsTaken
    self.slots = slots
  }
}
