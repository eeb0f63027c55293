import CKernels
import Graphs

/// A map as one vector in NCHW order. A linear layer alone after it reads the map instead (`readThroughFlatten`).
struct FlattenStage: Stage {
  var output: String
  var input: String

  var inputs: [String] { [input] }

  mutating func redirect(_ old: String, to new: String) { if input == old { input = new } }

  func emitForward(_ plan: inout PlanBuilder) {
    plan.emit(FlattenStep(node: output, output: plan.home(of: output), input: plan.home(of: input), images: plan.images))
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output), plan.needsGradient(input) else { return }
    let (place, mode) = plan.contribution(to: input)
    plan.emitBackward(FlattenGradientStep(node: output, inputGradient: place, mode: mode, gradient: gradient, images: plan.images))
  }
}

struct FlattenStep: MapStep {
  let node: String
  let output: MapReference
  let input: MapReference
  let images: Int

  var kernel: String { "flatten" }
  var reads: [BufferID] { [input.buffer] }
  var writes: [BufferID] { [output.buffer] }
  var bytesMoved: Double { 2 * output.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let (y, x) = (run.map(output), run.map(input))
    sa_clear(y, run.pool)
    for image in 0..<images {
      for pixel in 0..<(x.h * x.w) {
        let source = x.data + (image * x.h * x.w + pixel) * x.pixel_stride
        let target = y.data + image * y.pixel_stride + pixel
        for channel in 0..<x.c { target[channel * x.h * x.w] = source[channel] }
      }
    }
  }
}

struct FlattenGradientStep: Step {
  let node: String
  let inputGradient: MapReference
  let mode: sa_write_mode
  let gradient: MapReference
  let images: Int

  var kernel: String { "gradient of flatten" }
  var reads: [BufferID] { [gradient.buffer] + (mode == SA_ACCUMULATES ? [inputGradient.buffer] : []) }
  var writes: [BufferID] { [inputGradient.buffer] }
  var bytesMoved: Double { 2 * gradient.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let (dx, dy) = (run.map(inputGradient), run.map(gradient))
    if mode == SA_WRITES { sa_clear(dx, run.pool) }
    for image in 0..<images {
      for pixel in 0..<(dx.h * dx.w) {
        let target = dx.data + (image * dx.h * dx.w + pixel) * dx.pixel_stride
        let source = dy.data + image * dy.pixel_stride + pixel
        for channel in 0..<dx.c { target[channel] += source[channel * dx.h * dx.w] }
      }
    }
  }
}
