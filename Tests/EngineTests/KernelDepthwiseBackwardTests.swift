import CKernels
import Testing

private let instructionSets = [SA_PORTABLE, SA_AVX2, SA_AVX512].filter { $0.rawValue <= sa_best_instruction_set().rawValue }

@Suite("Depthwise backward pass in one step")
struct KernelDepthwiseBackwardTests {
  /// Odd shapes: channels that don't fill vectors, 1-pixel maps, strides 2 and 3, asymmetric padding, dilation, kernels of 1 to 7, and
  /// maps of several bands.
  static let geometries: [sa_conv_geometry] =
    sa_conv_geometry.odd.filter { $0.groups == $0.input_channels && $0.groups == $0.output_channels && $0.groups > 1 } + [
      .init(12, 12, kernel: 7, groups: 12, padding: (3, 3, 3, 3), height: 9, width: 9),
      .init(12, 12, kernel: 7, stride: 3, groups: 12, padding: (3, 3, 3, 3), height: 13, width: 9),
      .init(33, 33, kernel: 3, stride: 3, dilation: 2, groups: 33, padding: (1, 2, 1, 1), height: 14, width: 14),
      .init(16, 16, kernel: 4, stride: 2, groups: 16, padding: (1, 1, 1, 1), height: 8, width: 9),
      .init(9, 9, kernel: 1, stride: 2, groups: 9, padding: (0, 0, 0, 0), height: 7, width: 7),
      .init(40, 40, kernel: 3, groups: 40, padding: (3, 4, 5, 6), height: 6, width: 7),
      .init(10, 10, kernel: 3, stride: 2, groups: 10, padding: (1, 1, 1, 1), height: 90, width: 95),
    ]

  @Test("It gives what the four steps give one by one, by the reference convolutions", arguments: [SA_NO_ACTIVATION, SA_RELU, SA_RELU6])
  func agrees(activation: sa_activation) {
    var random = TestValues(seed: 11)
    for geometry in Self.geometries {
      let example = DepthwiseBackwardCase(geometry, images: random.choice(1...3), activation: activation, random: &random)
      let expected = example.separately()
      for set in instructionSets {
        let plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_DEPTHWISE, set)
        let whole = example.fused(plan, weights: true, sums: true)
        #expect(relativeError(whole.dx.values, expected.dx.values) < 3e-6, "\(geometry)")
        #expect(whole.dx.marginsAreIntact, "\(geometry)")
        #expect(relativeError(whole.weights, expected.weights) < 3e-6, "\(geometry)")
        #expect(relativeError(whole.sums, expected.sums) < 3e-6, "\(geometry)")
        let alone = example.fused(plan, weights: false, sums: true)
        #expect(relativeError(alone.dx.values, expected.dx.values) < 3e-6 && relativeError(alone.sums, expected.sums) < 3e-6)
        #expect(relativeError(example.fused(plan, weights: true, sums: false).weights, expected.weights) < 3e-6)
      }
    }
  }

  @Test("The bits don't depend on the number of threads, nor an image's sums on its batch")
  func determinism() {
    var random = TestValues(seed: 12)
    for geometry in Self.geometries {
      let example = DepthwiseBackwardCase(geometry, images: 3, activation: SA_RELU6, random: &random)
      let plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_DEPTHWISE, sa_best_instruction_set())
      let alone = example.fused(plan, weights: true, sums: true)
      let pool = sa_pool_create(3)
      defer { sa_pool_destroy(pool) }
      let together = example.fused(plan, weights: true, sums: true, pool: pool)
      #expect(alone.dx.values == together.dx.values && alone.weights == together.weights && alone.sums == together.sums)
      let last = example.lastImageAlone.fused(plan, weights: true, sums: true)
      #expect(together.dx.values.suffix(last.dx.values.count) == last.dx.values[...])
      #expect(together.sums[2 * geometry.groups..<3 * geometry.groups] == last.sums[..<geometry.groups])
    }
  }
}

/// The operands of one backward pass.
private struct DepthwiseBackwardCase {
  let geometry: sa_conv_geometry
  let activation: sa_activation
  var dy, y, x: TestMap
  let weight: [Float]
  /// a, b, c; scale and shift after the convolution; scale, shift and centre before it.
  let channels: [KernelBuffer]

  init(_ geometry: sa_conv_geometry, images: Int, activation: sa_activation, random: inout TestValues) {
    (self.geometry, self.activation) = (geometry, activation)
    let (height, width) = (sa_conv_output_height(geometry), sa_conv_output_width(geometry))
    dy = TestMap(images, height, width, geometry.groups, spare: 1, from: &random)
    y = TestMap(images, height, width, geometry.groups, from: &random)
    x = TestMap(images, geometry.input_height, geometry.input_width, geometry.groups, spare: 1, from: &random)
    weight = random.values(geometry.groups * geometry.kernel_height * geometry.kernel_width)
    var vectors: [KernelBuffer] = []
    for _ in 0..<8 { vectors.append(KernelBuffer(random.values(geometry.groups))) }
    channels = vectors
  }

  var lastImageAlone: DepthwiseBackwardCase {
    var one = self
    (one.dy, one.y, one.x) = (dy.image(dy.map.n - 1), y.image(dy.map.n - 1), x.image(dy.map.n - 1))
    return one
  }

  struct Result {
    let dx: TestMap
    let weights: [Float]
    /// Sums of dz, then of dz * (x - centre).
    let sums: [Double]
  }

  private var coefficients: sa_backward_affine {
    sa_backward_affine(a: channels[0].pointer, b: channels[1].pointer, c: channels[2].pointer, image_stride: 0)
  }
  private func mask(_ first: Int) -> sa_activation_mask {
    var mask = sa_activation_mask()
    mask.activation = activation
    mask.affine = affine(first)
    return mask
  }
  private func affine(_ first: Int) -> sa_affine {
    sa_affine(scale: channels[first].pointer, shift: channels[first + 1].pointer, image_stride: 0)
  }
  private func emptyInput() -> TestMap {
    TestMap(x.map.n, x.map.h, x.map.w, x.map.c, spare: 1) { .nan }
  }

  func fused(_ plan: sa_conv_plan, weights: Bool, sums: Bool, pool: OpaquePointer? = nil) -> Result {
    let packed = KernelBuffer(plan.packed_floats)
    sa_conv_pack(packed.pointer, weight, plan, nil)
    let scratch = KernelBuffer(sa_depthwise_backward_scratch_floats(plan, x.map.n, sa_pool_threads(pool)))
    let (dx, gradient) = (emptyInput(), KernelBuffer(weight.count))
    var values = [Double](repeating: .nan, count: 2 * x.map.n * geometry.groups)
    values.withUnsafeMutableBufferPointer { values in
      var job = sa_depthwise_backward()
      (job.dy, job.y, job.x, job.dx) = (dy.map, y.map, x.map, dx.map)
      (job.coefficients, job.mask, job.packed) = (coefficients, mask(3), UnsafePointer(packed.pointer))
      job.prologue = sa_prologue(affine: affine(5), activation: activation)
      if weights { job.weight_gradient = gradient.pointer }
      if sums {
        job.sum_dz = values.baseAddress
        job.sum_dz_x = values.baseAddress! + x.map.n * geometry.groups
        job.center = UnsafePointer(channels[7].pointer)
      }
      sa_depthwise_backward_run(job, plan, scratch.pointer, pool)
    }
    return Result(dx: dx, weights: gradient.values, sums: values)
  }

  func separately() -> Result {
    let dz = TestMap(dy.map.n, dy.map.h, dy.map.w, dy.map.c) { .nan }
    sa_backward_affine_apply(dz.map, sa_map(), dy.map, y.map, coefficients, mask(3), SA_WRITES, SA_WRITES, nil)
    let (dx, gradient) = (emptyInput(), KernelBuffer(weight.count))
    var plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_WEIGHTS, SA_CONV_REFERENCE, SA_PORTABLE)
    let prologue = sa_prologue(affine: affine(5), activation: activation)
    sa_conv_backward_weights(gradient.pointer, x.map, dz.map, SA_WRITES, prologue, plan, nil, nil)
    plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_REFERENCE, SA_PORTABLE)
    sa_conv_backward_data(dx.map, dz.map, weight, SA_WRITES, plan, nil, nil)
    var sums = [Double](repeating: .nan, count: x.map.n * geometry.groups)
    var products = sums
    sa_backward_sums(&sums, &products, dx.map, x.map, channels[7].pointer, 0, mask(5), nil)
    return Result(dx: dx, weights: gradient.values, sums: sums + products)
  }
}
