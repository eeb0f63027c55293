import CKernels
import Graphs
import RandomStreams
import Tensors

/// Times one convolution kernel on seeded maps, warm, with its weights packed.
struct KernelTimer {
  let images: Int
  let threads: Int
  let instructionSet: sa_instruction_set
  /// How long each kernel is repeated, in all.
  let seconds: Double
  private let pool: OpaquePointer?

  init(images: Int, threads: Int, instructionSet: sa_instruction_set, seconds: Double) {
    (self.images, self.threads, self.instructionSet, self.seconds) = (images, threads, instructionSet, seconds)
    pool = threads > 1 ? sa_pool_create(Int32(threads)) : nil
  }

  func time(_ shape: LayerShape, _ purpose: sa_conv_purpose) -> KernelRow {
    let plan = sa_conv_plan_make(shape.geometry, purpose, instructionSet)
    let g = shape.geometry
    let input = Maps(images, FeatureShape(channels: g.input_channels, height: g.input_height, width: g.input_width))
    let output = Maps(images, FeatureShape(channels: g.output_channels, height: plan.output_height, width: plan.output_width))
    let weightCount = g.output_channels * (g.input_channels / g.groups) * g.kernel_height * g.kernel_width
    let weight = AlignedStorage(repeating: 0.01, count: weightCount)
    let packed = AlignedStorage(uninitializedCount: plan.packed_floats)
    let scratch = AlignedStorage(uninitializedCount: sa_conv_scratch_floats(plan, images, Int32(threads)))
    if purpose != SA_CONV_BACKWARD_WEIGHTS { sa_conv_pack(packed.pointer, weight.pointer, plan, pool) }
    let elapsed = medianSeconds {
      switch purpose {
      case SA_CONV_FORWARD:
        sa_conv_forward(output.map, input.map, packed.pointer, sa_conv_epilogue(), sa_prologue(), plan, scratch.pointer, pool)
      case SA_CONV_BACKWARD_DATA:
        sa_conv_backward_data(input.map, output.map, packed.pointer, SA_WRITES, plan, scratch.pointer, pool)
      default:
        sa_conv_backward_weights(weight.pointer, input.map, output.map, SA_WRITES, sa_prologue(), plan, scratch.pointer, pool)
      }
    }
    let floats = input.count + output.count + (purpose == SA_CONV_BACKWARD_WEIGHTS ? weightCount : plan.packed_floats)
    return KernelRow(
      layer: shape.layer, shape: shape.described, layers: shape.count, purpose: .init(purpose),
      algorithm: String(cString: sa_conv_algorithm_name(plan.algorithm)), seconds: elapsed,
      gigaflop: sa_conv_flops(g) * Double(images) / 1e9, gigabytes: Double(floats * 4) / 1e9)
  }

  /// Seconds of one call: the median of eleven samples, each repeated long enough for the clock.
  private func medianSeconds(_ body: () -> Void) -> Double {
    body()
    let once = max(1e-7, ContinuousClock().measure(body) / .seconds(1))
    let repetitions = max(1, Int(seconds / 11 / once))
    let samples = (0..<(once > seconds ? 3 : 11)).map { _ in
      ContinuousClock().measure { for _ in 0..<repetitions { body() } } / .seconds(1) / Double(repetitions)
    }
    return samples.sorted()[samples.count / 2]
  }
}

/// Seeded values in the engine's layout, padding lanes zero.
private struct Maps {
  let map: sa_map
  let count: Int
  private let storage: AlignedStorage

  init(_ images: Int, _ shape: FeatureShape) {
    let stride = sa_padded(shape.channels)
    count = images * shape.pixels * stride
    storage = AlignedStorage(repeating: 0, count: count)
    var stream = RandomStream(seed: 0, purpose: "kernel bench")
    for pixel in 0..<(images * shape.pixels) {
      for channel in 0..<shape.channels { storage.pointer[pixel * stride + channel] = Float(stream.uniform(-1, 1)) }
    }
    map = sa_map(data: storage.pointer, n: images, h: shape.height, w: shape.width, c: shape.channels, pixel_stride: stride)
  }
}
