import CKernels
import Graphs

/// `y = activation(sum of inputs)`: additions and activations that no kernel before them could take in.
struct SumStage: Stage {
  var output: String
  var inputs: [String]
  var activation: ActivationOperator?

  mutating func redirect(_ old: String, to new: String) { inputs = inputs.map { $0 == old ? new : $0 } }

  func emitForward(_ plan: inout PlanBuilder) {
    plan.emit(
      SumStep(
        node: output, output: plan.home(of: output), inputs: inputs.map { plan.home(of: $0) }, activation: activation,
        images: plan.images))
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output) else { return }
    if activation != nil {
      let mask = ActivationMask(activation: activation, output: plan.home(of: output))
      var step = MaskedGradientStep(node: output, gradient: gradient, mask: mask, images: plan.images)
      step.result = (gradient, SA_WRITES)
      plan.emitBackward(step)
    }
    // Contributions first: what is handed over may be added to afterwards.
    var heir: String?
    for (position, input) in inputs.enumerated() where plan.needsGradient(input) {
      if heir == nil, !inputs[(position + 1)...].contains(input), plan.canHandOver(to: input) {
        heir = input
        continue
      }
      let (place, mode) = plan.contribution(to: input)
      plan.emitBackward(ScalingStep(node: output, output: place, input: gradient, factor: 1, mode: mode, images: plan.images))
    }
    if let heir { plan.handOver(gradient, to: heir) }
  }
}

struct SumStep: MapStep {
  let node: String
  let output: MapReference
  let inputs: [MapReference]
  let activation: ActivationOperator?
  let images: Int

  var kernel: String {
    [inputs.count > 1 ? "add" : nil, activation?.rawValue].compactMap(\.self).joined(separator: " + ")
  }
  var reads: [BufferID] { inputs.map(\.buffer) }
  var writes: [BufferID] { [output.buffer] }
  var replacements: [(output: BufferID, input: BufferID)] { inputs.prefix(2).map { (output.buffer, $0.buffer) } }
  var bytesMoved: Double { Double(inputs.count + 1) * output.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let y = run.map(output)
    for (position, input) in inputs.enumerated().dropFirst(inputs.count > 1 ? 1 : 0) {
      let isLast = position == inputs.count - 1
      // The first call sums two inputs; each later one adds to the sum so far.
      let first = position <= 1 ? run.map(inputs[0]) : y
      sa_affine_activate(
        y, first, sa_affine(), inputs.count > 1 ? run.map(input) : sa_map(), sa_affine(),
        isLast ? sa_activation(activation) : SA_NO_ACTIVATION, run.pool)
    }
  }
}
