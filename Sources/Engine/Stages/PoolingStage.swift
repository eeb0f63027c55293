import CKernels
import Graphs

/// Maximum or mean over windows, or the mean over the whole map.
struct PoolingStage: Stage {
  enum Window: Sendable {
    case sliding(PoolingOperator)
    case whole
  }

  var output: String
  var input: String
  let window: Window
  /// A normalization before it, applied while the input is read.
  var prologue: DeferredNormalization?

  var inputs: [String] { [input] }

  mutating func redirect(_ old: String, to new: String) { if input == old { input = new } }

  func emitForward(_ plan: inout PlanBuilder) {
    var winners: PoolingStep.Winners?
    if case .sliding(let pooling) = window, pooling.kind == .maximum, plan.needsGradient(input) {
      let shape = plan.shape(of: output)
      if gradientEndsAbove(plan) {
        winners = .inputs(plan.keepWinners(of: input, shape: shape))
      } else {
        winners = .taps(plan.save(plan.buffer(bytes: plan.images * shape.paddedCount), for: output))
      }
    }
    plan.emit(
      PoolingStep(
        node: output, output: plan.home(of: output), input: plan.prologue(for: input, prologue), window: window, winners: winners,
        images: plan.images))
  }

  /// Whether only the normalization that is read through wants the gradient, for its own gamma and beta: sums over the winners alone give
  /// them, and what the normalization read need not be kept.
  private func gradientEndsAbove(_ plan: PlanBuilder) -> Bool {
    guard let prologue else { return false }
    return !plan.needsGradient(prologue.value) && plan.list.readers[input]?.count == 1
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output), plan.needsGradient(input) else { return }
    guard plan.winners[input] == nil else { return plan.handOver(gradient, to: input) }
    let winners = plan.saved[output]
    let (place, mode) = plan.contribution(to: input)
    plan.emitBackward(
      PoolingGradientStep(
        node: output, inputGradient: place, mode: mode, gradient: gradient, window: window, winners: winners, images: plan.images))
  }
}

extension PoolingStage.Window {
  var described: String {
    switch self {
    case .whole: "global average"
    case .sliding(let pooling): "\(pooling.kernel)×\(pooling.kernel)/\(pooling.stride) \(pooling.kind.rawValue) pooling"
    }
  }
}

extension PoolingOperator {
  var sizes: sa_window { sa_window(size: kernel, stride: stride, padding: padding) }
}

struct PoolingStep: MapStep {
  let node: String
  let output: MapReference
  let input: Prologue
  let window: PoolingStage.Window
  /// What is kept of each maximum for the backward pass.
  let winners: Winners?
  let images: Int

  enum Winners {
    /// Which tap won, a byte for each padded output value.
    case taps(BufferID)
    /// What won, before it was normalized.
    case inputs(MapReference)

    var buffer: BufferID {
      switch self {
      case .taps(let buffer): buffer
      case .inputs(let map): map.buffer
      }
    }

    func byteCount(of output: MapReference, images: Int) -> Double {
      switch self {
      case .taps: output.byteCount(images: images) / 4
      case .inputs(let map): map.byteCount(images: images)
      }
    }
  }

  var kernel: String { [input.described, window.described].compactMap(\.self).joined(separator: " ") }
  var reads: [BufferID] { input.reads }
  var writes: [BufferID] { [output.buffer] + (winners.map { [$0.buffer] } ?? []) }
  var bytesMoved: Double {
    input.source.byteCount(images: images) + output.byteCount(images: images) + (winners?.byteCount(of: output, images: images) ?? 0)
  }

  func run(_ run: borrowing Run) {
    let (y, x) = (run.map(output), run.map(input.source))
    switch window {
    case .whole: sa_global_average(y, x, run.prologue(input), run.pool)
    case .sliding(let pooling) where pooling.kind == .average: sa_average_pool(y, x, run.prologue(input), pooling.sizes, run.pool)
    case .sliding(let pooling):
      switch winners {
      case nil: sa_max_pool(y, nil, x, run.prologue(input), pooling.sizes, run.pool)
      case .taps(let taps): sa_max_pool(y, run.bytes(taps), x, run.prologue(input), pooling.sizes, run.pool)
      case .inputs(let map): sa_max_pool_inputs(y, run.map(map), x, run.prologue(input), pooling.sizes, run.pool)
      }
    }
  }
}

struct PoolingGradientStep: Step {
  let node: String
  let inputGradient: MapReference
  let mode: sa_write_mode
  let gradient: MapReference
  let window: PoolingStage.Window
  let winners: BufferID?
  let images: Int

  var kernel: String { "gradient of \(window.described)" }
  var reads: [BufferID] {
    [gradient.buffer] + (winners.map { [$0] } ?? []) + (mode == SA_ACCUMULATES ? [inputGradient.buffer] : [])
  }
  var writes: [BufferID] { [inputGradient.buffer] }
  var bytesMoved: Double { gradient.byteCount(images: images) + inputGradient.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let (dx, dy) = (run.map(inputGradient), run.map(gradient))
    switch window {
    case .whole: sa_global_average_backward(dx, dy, mode, run.pool)
    case .sliding(let pooling) where pooling.kind == .average: sa_average_pool_backward(dx, dy, pooling.sizes, mode, run.pool)
    case .sliding(let pooling): sa_max_pool_backward(dx, dy, run.bytes(winners!), pooling.sizes, mode, run.pool)
    }
  }
}
