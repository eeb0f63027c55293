import CKernels
import Testing

private let instructionSets = [SA_PORTABLE, SA_AVX2, SA_AVX512].filter { $0.rawValue <= sa_best_instruction_set().rawValue }

@Suite("Input gradient of a 1×1 convolution, finished for the normalization before it")
struct KernelGradientEpilogueTests {
  /// Channels that don't fill vectors or panels, maps of less and more than a block of pixels, sums in several chunks of depth.
  static let geometries: [sa_conv_geometry] = [
    .init(13, 10, kernel: 1, padding: (0, 0, 0, 0), height: 5, width: 5),
    .init(8, 3, kernel: 1, padding: (0, 0, 0, 0), height: 4, width: 6),
    .init(70, 24, kernel: 1, padding: (0, 0, 0, 0), height: 9, width: 11),
    .init(144, 24, kernel: 1, padding: (0, 0, 0, 0), height: 8, width: 8),
    .init(130, 128, kernel: 1, padding: (0, 0, 0, 0), height: 14, width: 14),
    .init(20, 520, kernel: 1, padding: (0, 0, 0, 0), height: 5, width: 7),
  ]

  enum Mask: CaseIterable { case none, fromInput, fromOutput }

  @Test(
    "It gives what the reference convolution, the sums and the affine pass give one by one", arguments: Mask.allCases,
    [SA_RELU, SA_RELU6])
  func agrees(mask: Mask, activation: sa_activation) {
    var random = TestValues(seed: 21)
    for geometry in Self.geometries {
      let example = GradientEpilogueCase(geometry, images: random.choice(1...2), mask: mask, activation: activation, random: &random)
      for scaled in [false, true] {
        for mode in [SA_WRITES, SA_ACCUMULATES] {
          let expected = example.separately(mode, scaled: scaled)
          for set in instructionSets {
            let plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_GEMM, set)
            guard sa_conv_takes_gradient_epilogue(plan, scaled) else {
              #expect(scaled && geometry.output_channels > 512, "\(geometry)")
              continue
            }
            let found = example.finished(plan, mode, scaled: scaled)
            #expect(relativeError(found.dx.values, expected.dx.values) < 3e-6, "\(geometry) scaled: \(scaled)")
            #expect(found.dx.marginsAreIntact, "\(geometry)")
            #expect(relativeError(found.sums, expected.sums) < 3e-6, "\(geometry) scaled: \(scaled)")
          }
        }
      }
    }
  }

  @Test("The bits don't depend on the number of threads, nor an image's on its batch")
  func determinism() {
    var random = TestValues(seed: 22)
    for geometry in Self.geometries {
      let example = GradientEpilogueCase(geometry, images: 3, mask: .fromInput, activation: SA_RELU, random: &random)
      let plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_GEMM, sa_best_instruction_set())
      let alone = example.finished(plan, SA_ACCUMULATES, scaled: false)
      let pool = sa_pool_create(3)
      defer { sa_pool_destroy(pool) }
      let together = example.finished(plan, SA_ACCUMULATES, scaled: false, pool: pool)
      #expect(alone.dx.values == together.dx.values && alone.sums == together.sums)
      let last = example.lastImageAlone.finished(plan, SA_ACCUMULATES, scaled: false)
      #expect(together.dx.values.suffix(last.dx.values.count) == last.dx.values[...])
      let channels = geometry.input_channels
      #expect(together.sums[2 * channels..<3 * channels] == last.sums[..<channels])
    }
  }

  @Test("Strides, wide kernels, groups, padding, tiny maps and other passes are left to the steps one by one")
  func refused() {
    let geometries: [sa_conv_geometry] = [
      .init(16, 16, kernel: 1, stride: 2, padding: (0, 0, 0, 0), height: 12, width: 12),
      .init(16, 16, kernel: 3, padding: (1, 1, 1, 1), height: 12, width: 12),
      .init(16, 16, kernel: 1, groups: 2, padding: (0, 0, 0, 0), height: 12, width: 12),
      .init(16, 16, kernel: 1, padding: (1, 0, 0, 0), height: 12, width: 12),
      .init(16, 16, kernel: 1, padding: (0, 0, 0, 0), height: 1, width: 1),
    ]
    for geometry in geometries {
      let plan = sa_conv_plan_make(geometry, SA_CONV_BACKWARD_DATA, sa_best_instruction_set())
      #expect(!sa_conv_takes_gradient_epilogue(plan, false) && !sa_conv_takes_gradient_epilogue(plan, true))
    }
    #expect(!sa_conv_takes_gradient_epilogue(sa_conv_plan_make(Self.geometries[0], SA_CONV_FORWARD, SA_PORTABLE), false))
  }
}

/// The operands of one input gradient.
private struct GradientEpilogueCase {
  let geometry: sa_conv_geometry
  let mask: KernelGradientEpilogueTests.Mask
  let activation: sa_activation
  var dy, x, output, before: TestMap
  let weight: [Float]
  /// The mask's scale and shift, the centre, the scale of dz.
  let channels: [KernelBuffer]

  init(
    _ geometry: sa_conv_geometry, images: Int, mask: KernelGradientEpilogueTests.Mask, activation: sa_activation, random: inout TestValues
  ) {
    (self.geometry, self.mask, self.activation) = (geometry, mask, activation)
    let (height, width, count) = (geometry.input_height, geometry.input_width, geometry.input_channels)
    dy = TestMap(images, height, width, geometry.output_channels, from: &random)
    x = TestMap(images, height, width, count, spare: 2, from: &random)
    output = TestMap(images, height, width, count, from: &random)
    before = TestMap(images, height, width, count, spare: 1, from: &random)
    weight = random.values(count * geometry.output_channels)
    var vectors: [KernelBuffer] = []
    for _ in 0..<4 { vectors.append(KernelBuffer(random.values(count))) }
    channels = vectors
  }

  var lastImageAlone: GradientEpilogueCase {
    var one = self
    let last = dy.map.n - 1
    (one.dy, one.x, one.output, one.before) = (dy.image(last), x.image(last), output.image(last), before.image(last))
    return one
  }

  struct Result {
    let dx: TestMap
    /// Sums of dz, then of dz * (x - centre).
    let sums: [Double]
  }

  private var kernelMask: sa_activation_mask {
    var result = sa_activation_mask()
    guard mask != .none else { return result }
    result.activation = activation
    if mask == .fromOutput { result.output = output.map }
    result.affine = sa_affine(scale: channels[0].pointer, shift: channels[1].pointer, image_stride: 0)
    return result
  }
  private func destination(_ mode: sa_write_mode) -> TestMap {
    mode == SA_ACCUMULATES ? before.copy() : TestMap(x.map.n, x.map.h, x.map.w, x.map.c, spare: 1) { .nan }
  }

  func finished(_ plan: sa_conv_plan, _ mode: sa_write_mode, scaled: Bool, pool: OpaquePointer? = nil) -> Result {
    let packed = KernelBuffer(plan.packed_floats)
    sa_conv_pack(packed.pointer, weight, plan, nil)
    let scratch = KernelBuffer(sa_conv_gradient_epilogue_scratch_floats(plan, x.map.n, sa_pool_threads(pool)))
    let dx = destination(mode)
    var values = [Double](repeating: .nan, count: 2 * x.map.n * x.map.c)
    values.withUnsafeMutableBufferPointer { values in
      var epilogue = sa_gradient_epilogue()
      epilogue.x = x.map
      epilogue.mask = kernelMask
      epilogue.center = UnsafePointer(channels[2].pointer)
      epilogue.sum_dz = values.baseAddress
      epilogue.sum_dz_x = values.baseAddress! + x.map.n * x.map.c
      if scaled { epilogue.scale = UnsafePointer(channels[3].pointer) }
      sa_conv_backward_data_finished(dx.map, dy.map, packed.pointer, mode, epilogue, plan, scratch.pointer, pool)
    }
    return Result(dx: dx, sums: values)
  }

  func separately(_ mode: sa_write_mode, scaled: Bool) -> Result {
    let plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_REFERENCE, SA_PORTABLE)
    let dx = destination(mode)
    let gradient = scaled ? destination(SA_WRITES) : dx
    sa_conv_backward_data(gradient.map, dy.map, weight, scaled ? SA_WRITES : mode, plan, nil, nil)
    var sums = [Double](repeating: .nan, count: x.map.n * x.map.c)
    var products = sums
    sa_backward_sums(&sums, &products, gradient.map, x.map, channels[2].pointer, 0, kernelMask, nil)
    let scale = sa_backward_affine(a: scaled ? UnsafePointer(channels[3].pointer) : nil, b: nil, c: nil, image_stride: 0)
    sa_backward_affine_apply(dx.map, sa_map(), gradient.map, x.map, scale, kernelMask, scaled ? mode : SA_WRITES, SA_WRITES, nil)
    return Result(dx: dx, sums: sums + products)
  }
}
