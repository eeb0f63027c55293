import CKernels
import Graphs

/// CIFAR ResNet's parameter-free shortcut.
struct SubsamplingStage: Stage {
  var output: String
  var input: String
  let operation: SubsamplingOperator

  var inputs: [String] { [input] }

  mutating func redirect(_ old: String, to new: String) { if input == old { input = new } }

  func emitForward(_ plan: inout PlanBuilder) {
    plan.emit(
      SubsamplingStep(
        node: output, output: plan.home(of: output), input: plan.home(of: input), operation: operation, images: plan.images))
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output), plan.needsGradient(input) else { return }
    let (place, mode) = plan.contribution(to: input)
    plan.emitBackward(
      SubsamplingGradientStep(
        node: output, inputGradient: place, mode: mode, gradient: gradient, operation: operation, images: plan.images))
  }
}

struct SubsamplingStep: MapStep {
  let node: String
  let output: MapReference
  let input: MapReference
  let operation: SubsamplingOperator
  let images: Int

  var kernel: String { "every pixel in \(operation.stride)" }
  var reads: [BufferID] { [input.buffer] }
  var writes: [BufferID] { [output.buffer] }
  var bytesMoved: Double { 2 * output.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    sa_subsample(run.map(output), run.map(input), operation.stride, operation.channelsBefore, run.pool)
  }
}

struct SubsamplingGradientStep: Step {
  let node: String
  let inputGradient: MapReference
  let mode: sa_write_mode
  let gradient: MapReference
  let operation: SubsamplingOperator
  let images: Int

  var kernel: String { "gradient of every pixel in \(operation.stride)" }
  var reads: [BufferID] { [gradient.buffer] + (mode == SA_ACCUMULATES ? [inputGradient.buffer] : []) }
  var writes: [BufferID] { [inputGradient.buffer] }
  var bytesMoved: Double { gradient.byteCount(images: images) + inputGradient.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    sa_subsample_backward(run.map(inputGradient), run.map(gradient), operation.stride, operation.channelsBefore, mode, run.pool)
  }
}
