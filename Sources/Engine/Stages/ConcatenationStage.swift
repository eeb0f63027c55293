import CKernels
import Graphs

/// Channels of all inputs, one after the other. An input that already stands at its place in the wider buffer isn't copied
/// (`placeConcatenations`).
struct ConcatenationStage: Stage {
  var output: String
  var inputs: [String]

  mutating func redirect(_ old: String, to new: String) { inputs = inputs.map { $0 == old ? new : $0 } }

  /// Each input with its first channel.
  private func parts(_ plan: PlanBuilder) -> [(input: String, first: Int, count: Int)] {
    var first = 0
    return inputs.map { input in
      let count = plan.shape(of: input).channels
      defer { first += count }
      return (input, first, count)
    }
  }

  private func isInPlace(_ input: String, _ first: Int, _ plan: inout PlanBuilder) -> Bool {
    let whole = plan.home(of: output)
    let part = plan.home(of: input)
    return part.buffer == whole.buffer && part.channelOffset == whole.channelOffset + first
  }

  func emitForward(_ plan: inout PlanBuilder) {
    for (input, first, count) in parts(plan) where !isInPlace(input, first, &plan) {
      plan.emit(
        ChannelCopyStep(
          node: output, output: plan.home(of: output), outputFirst: first, input: plan.home(of: input), inputFirst: 0, channels: count,
          mode: SA_WRITES, images: plan.images))
    }
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.collectedGradient(of: output) else { return }
    for (input, first, count) in parts(plan) where plan.needsGradient(input) && !isInPlace(input, first, &plan) {
      let part = plan.home(of: output).channels(first, count)
      plan.emitCorrections(to: gradient.channels(first, count), of: part, node: output)
      let (place, mode) = plan.contribution(to: input)
      plan.emitBackward(
        ChannelCopyStep(
          node: output, output: place, outputFirst: 0, input: gradient, inputFirst: first, channels: count, mode: mode,
          images: plan.images))
    }
  }
}

struct ChannelCopyStep: MapStep {
  let node: String
  let output: MapReference
  let outputFirst: Int
  let input: MapReference
  let inputFirst: Int
  let channels: Int
  let mode: sa_write_mode
  let images: Int

  var kernel: String { "\(mode == SA_WRITES ? "copy" : "accumulate") \(channels) channels" }
  var reads: [BufferID] { [input.buffer] }
  var writes: [BufferID] { [output.buffer] }
  var bytesMoved: Double { Double(2 * 4 * images * channels * input.shape.pixels) }

  func run(_ run: borrowing Run) {
    sa_copy_channels(run.map(output), outputFirst, run.map(input), inputFirst, channels, mode, run.pool)
  }
}
