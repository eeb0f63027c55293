import CKernels
import Graphs
import Tensors

/// An optimizer with its memory: moves what trains by its gradients.
struct ParameterUpdate {
  private let optimizer: Optimizer
  private let trainable: [ParameterDeclaration]
  private let plan: TrainablePlan
  /// What L2-SP pulls to; nil without.
  private let startingPoint: Parameters?
  private var stepsTaken = 0
  /// By slot, in PyTorch's names.
  var slots: [String: Parameters]

  init(_ optimizer: Optimizer, trainable: [ParameterDeclaration], plan: TrainablePlan, startingPoint: Parameters?) {
    self.startingPoint = optimizer.startingPointPenalty == nil ? nil : startingPoint
    self.optimizer = optimizer
    self.trainable = trainable
    self.plan = plan
    slots = Dictionary(uniqueKeysWithValues: optimizer.rule.slots.map { ($0, Parameters(trainable)) })
  }

  /// The L2 norm over all gradients of values that move, in Double.
  func gradientNorm(_ bound: BoundParameters, pool: OpaquePointer?) -> Double {
    var sum = 0.0
    for declaration in trainable {
      let moving = plan.movingValues(of: declaration)
      sum += sa_sum_of_squares(bound.gradientPointer(declaration.id) + moving.lowerBound, moving.count, pool)
    }
    return sum.squareRoot()
  }

  mutating func apply(to bound: BoundParameters, learningRate: Double, gradientNorm: Double, pool: OpaquePointer?) {
    // As PyTorch's clip_grad_norm_.
    let scale = optimizer.clippingNorm.map { min(1, $0 / (gradientNorm + 1e-6)) } ?? 1
    for declaration in trainable {
      let id = declaration.id
      let moving = plan.movingValues(of: declaration)
      let (first, count) = (moving.lowerBound, moving.count)
      let rate = learningRate * Double(plan.learningRateFactors[id] ?? 1)
      let anchor = startingPoint.flatMap { start in start.contains(id) ? start.withValues(of: id) { $0.baseAddress! + first } : nil }
      let decays = optimizer.decaysAffineAndBias || declaration.role == .weight
      func decay(_ plain: Double) -> Double { anchor == nil ? (decays ? plain : 0) : optimizer.startingPointPenalty! }
      let gradient = UnsafePointer(bound.gradientPointer(id)) + first
      let value = bound.values.withMutableValues(of: id) { $0.baseAddress! } + first
      switch optimizer.rule {
      case .sgd(let momentum, let nesterov, let weightDecay):
        let buffer = momentum == 0 ? nil : slot("momentum_buffer", id) + first
        sa_sgd_update(
          value, buffer, gradient, anchor, count, rate, momentum, decay(weightDecay), nesterov, stepsTaken == 0, scale, pool)
      case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
        sa_adamw_update(
          value, slot("exp_avg", id) + first, slot("exp_avg_sq", id) + first, gradient, anchor, count, rate, beta1, beta2, epsilon,
          decay(weightDecay),
          stepsTaken + 1, scale, pool)
      }
    }
    stepsTaken += 1
  }

  /// The values' storage stays where it is until the next snapshot is taken.
  private mutating func slot(_ name: String, _ id: ParameterID) -> UnsafeMutablePointer<Float> {
    slots[name]!.withMutableValues(of: id) { $0.baseAddress! }
  }

  var state: OptimizerState {
    get {
      OptimizerState(
        stepsTaken: stepsTaken,
        slots: slots.mapValues { values in Dictionary(uniqueKeysWithValues: values.ids.map { ($0, values[$0]) }) })
    }
    set {
      precondition(Set(newValue.slots.keys) == Set(slots.keys), "an optimizer state of another rule: \(newValue.slots.keys.sorted())")
      stepsTaken = newValue.stepsTaken
      for (name, tensors) in newValue.slots {
        precondition(Set(tensors.keys) == Set(trainable.map(\.id)), "an optimizer state for other parameters than train here")
        for (id, tensor) in tensors { slots[name]![id] = tensor }
      }
    }
  }
}

extension Optimizer.Rule {
  /// What it remembers for each parameter, in PyTorch's names.
  var slots: [String] {
    switch self {
    case .sgd(let momentum, _, _): momentum == 0 ? [] : ["momentum_buffer"]
    case .adamW: ["exp_avg", "exp_avg_sq"]
    }
  }
}
