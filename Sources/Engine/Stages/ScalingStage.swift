import CKernels
import Graphs

/// `y = factor * x`.
struct ScalingStage: Stage {
  var output: String
  var input: String
  let factor: Float

  var inputs: [String] { [input] }

  mutating func redirect(_ old: String, to new: String) { if input == old { input = new } }

  func emitForward(_ plan: inout PlanBuilder) {
    plan.emit(
      ScalingStep(
        node: output, output: plan.home(of: output), input: plan.home(of: input), factor: factor, mode: SA_WRITES, images: plan.images))
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output), plan.needsGradient(input) else { return }
    let (place, mode) = plan.contribution(to: input)
    plan.emitBackward(ScalingStep(node: output, output: place, input: gradient, factor: factor, mode: mode, images: plan.images))
  }
}

/// `y = factor * x`, or `y += factor * x`; with factor 1 a copy or a sum.
struct ScalingStep: MapStep {
  let node: String
  let output: MapReference
  let input: MapReference
  let factor: Float
  let mode: sa_write_mode
  let images: Int

  var kernel: String { (mode == SA_WRITES ? "copy" : "accumulate") + (factor == 1 ? "" : " × \(factor)") }
  var reads: [BufferID] { mode == SA_WRITES ? [input.buffer] : [input.buffer, output.buffer] }
  var writes: [BufferID] { [output.buffer] }
  var bytesMoved: Double { input.byteCount(images: images) + output.byteCount(images: images) }

  func run(_ run: borrowing Run) { sa_scale(run.map(output), run.map(input), factor, mode, run.pool) }
}

/// Zeros in every lane.
struct ClearStep: Step {
  let node: String
  let map: MapReference
  let images: Int

  var kernel: String { "clear" }
  var reads: [BufferID] { [] }
  var writes: [BufferID] { [map.buffer] }
  var bytesMoved: Double { map.byteCount(images: images) }

  func run(_ run: borrowing Run) { sa_clear(run.map(map), run.pool) }
}
