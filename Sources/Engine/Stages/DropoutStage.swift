import CKernels
import Graphs
import RandomStreams

/// Zeroes values with a probability and scales the rest up, while training.
///
/// The mask is a function of (seed, step, layer): nothing to save on resume, and the same at any thread count.
struct DropoutStage: Stage {
  var output: String
  var input: String
  let probability: Float

  var inputs: [String] { [input] }

  mutating func redirect(_ old: String, to new: String) { if input == old { input = new } }

  func emitForward(_ plan: inout PlanBuilder) {
    let home = plan.home(of: output)
    let mask = plan.save(plan.map(home.shape).buffer, for: output)
    plan.emit(
      DropoutStep(
        node: output, output: home, input: plan.home(of: input), mask: MapReference(mask, home.shape), probability: probability,
        images: plan.images))
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output), plan.needsGradient(input) else { return }
    let mask = MapReference(plan.saved[output]!, gradient.shape)
    let (place, mode) = plan.contribution(to: input)
    plan.emitBackward(
      DropoutGradientStep(node: output, inputGradient: place, mode: mode, gradient: gradient, mask: mask, images: plan.images))
  }
}

struct DropoutStep: MapStep {
  let node: String
  let output: MapReference
  let input: MapReference
  let mask: MapReference
  let probability: Float
  let images: Int

  var kernel: String { "dropout \(probability)" }
  var reads: [BufferID] { [input.buffer] }
  var writes: [BufferID] { [mask.buffer, output.buffer] }
  var bytesMoved: Double { 3 * output.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    var stream = RandomStream(seed: run.seed, purpose: "dropout", epoch: run.stepIndex, content: node)
    let values = run.floats(mask.buffer)
    let kept = 1 / (1 - probability)
    for pixel in 0..<(images * mask.shape.pixels) {
      for channel in 0..<mask.pixelStride {
        let isKept = channel < mask.shape.channels && stream.uniform() >= Double(probability)
        values[pixel * mask.pixelStride + channel] = isKept ? kept : 0
      }
    }
    sa_multiply(run.map(output), run.map(input), run.map(mask), SA_WRITES, run.pool)
  }
}

struct DropoutGradientStep: Step {
  let node: String
  let inputGradient: MapReference
  let mode: sa_write_mode
  let gradient: MapReference
  let mask: MapReference
  let images: Int

  var kernel: String { "gradient of dropout" }
  var reads: [BufferID] { [gradient.buffer, mask.buffer] + (mode == SA_ACCUMULATES ? [inputGradient.buffer] : []) }
  var writes: [BufferID] { [inputGradient.buffer] }
  var bytesMoved: Double { 3 * gradient.byteCount(images: images) }

  func run(_ run: borrowing Run) { sa_multiply(run.map(inputGradient), run.map(gradient), run.map(mask), mode, run.pool) }
}
