import CKernels

/// One convolution with all its operands, so that algorithms can be run side by side.
struct ConvolutionCase {
  var geometry: sa_conv_geometry
  let images: Int
  let input, residual, outputGradient: TestMap
  let weight, inputScale, inputShift, scale, shift: [Float]

  init(_ geometry: sa_conv_geometry, images: Int, random: inout TestValues) {
    self.geometry = geometry
    self.images = images
    let height = sa_conv_output_height(geometry)
    let width = sa_conv_output_width(geometry)
    input = TestMap(
      images, geometry.input_height, geometry.input_width, geometry.input_channels, spare: random.choice(0...1), from: &random)
    residual = TestMap(images, height, width, geometry.output_channels, spare: random.choice(0...1), from: &random)
    outputGradient = TestMap(images, height, width, geometry.output_channels, from: &random)
    weight = random.values(
      geometry.output_channels * geometry.input_channels / geometry.groups * geometry.kernel_height * geometry.kernel_width)
    inputScale = random.values(geometry.input_channels)
    inputShift = random.values(geometry.input_channels)
    scale = random.values(geometry.output_channels)
    shift = random.values(geometry.output_channels)
  }

  struct Forward {
    let output: TestMap
    let means, m2: [Double]
  }

  func forward(_ plan: sa_conv_plan, epilogue: Bool, prologue: Bool, moments: Bool, pool: OpaquePointer? = nil) -> Forward {
    let output = TestMap(images, plan.output_height, plan.output_width, geometry.output_channels, spare: 1) { .nan }
    let packed = pack(plan)
    let scratch = KernelBuffer(sa_conv_scratch_floats(plan, images, sa_pool_threads(pool)))
    var means = [Double](repeating: 0, count: images * geometry.output_channels)
    var m2 = means
    scale.withUnsafeBufferPointer { scale in
      shift.withUnsafeBufferPointer { shift in
        means.withUnsafeMutableBufferPointer { means in
          m2.withUnsafeMutableBufferPointer { m2 in
            var after = sa_conv_epilogue()
            if epilogue {
              after.scale = scale.baseAddress
              after.shift = shift.baseAddress
              after.residual = residual.map
              after.activation = SA_RELU6
            }
            if moments {
              after.moments_mean = means.baseAddress
              after.moments_m2 = m2.baseAddress
            }
            withPrologue(prologue) {
              sa_conv_forward(output.map, input.map, packed.pointer, after, $0, plan, scratch.pointer, pool)
            }
          }
        }
      }
    }
    return Forward(output: output, means: means, m2: m2)
  }

  func inputGradient(_ plan: sa_conv_plan, addedTo start: TestMap?, pool: OpaquePointer? = nil) -> TestMap {
    let gradient =
      start?.copy() ?? TestMap(images, geometry.input_height, geometry.input_width, geometry.input_channels, spare: 1) { .nan }
    let packed = pack(plan)
    let scratch = KernelBuffer(sa_conv_scratch_floats(plan, images, sa_pool_threads(pool)))
    sa_conv_backward_data(
      gradient.map, outputGradient.map, packed.pointer, start == nil ? SA_WRITES : SA_ACCUMULATES, plan, scratch.pointer, pool)
    return gradient
  }

  func weightGradient(_ plan: sa_conv_plan, prologue: Bool, addedToWeights: Bool, pool: OpaquePointer? = nil) -> [Float] {
    let gradient = addedToWeights ? KernelBuffer(weight) : KernelBuffer(weight.count)
    let scratch = KernelBuffer(sa_conv_scratch_floats(plan, images, sa_pool_threads(pool)))
    withPrologue(prologue) {
      sa_conv_backward_weights(
        gradient.pointer, input.map, outputGradient.map, addedToWeights ? SA_ACCUMULATES : SA_WRITES, $0, plan, scratch.pointer, pool)
    }
    return gradient.values
  }

  /// The same operands with the last image only.
  var lastImageAlone: ConvolutionCase { ConvolutionCase(lastImageOf: self) }

  private init(lastImageOf whole: ConvolutionCase) {
    geometry = whole.geometry
    images = 1
    input = whole.input.image(whole.images - 1)
    residual = whole.residual.image(whole.images - 1)
    outputGradient = whole.outputGradient.image(whole.images - 1)
    (weight, inputScale, inputShift) = (whole.weight, whole.inputScale, whole.inputShift)
    (scale, shift) = (whole.scale, whole.shift)
  }

  private func pack(_ plan: sa_conv_plan) -> KernelBuffer {
    let packed = KernelBuffer(plan.packed_floats)
    sa_conv_pack(packed.pointer, weight, plan, nil)
    return packed
  }

  private func withPrologue(_ wanted: Bool, _ body: (sa_prologue) -> Void) {
    inputScale.withUnsafeBufferPointer { scale in
      inputShift.withUnsafeBufferPointer { shift in
        guard wanted else { return body(sa_prologue()) }
        let affine = sa_affine(scale: scale.baseAddress, shift: shift.baseAddress, image_stride: 0)
        body(sa_prologue(affine: affine, activation: SA_RELU))
      }
    }
  }
}

extension sa_conv_geometry {
  /// A square kernel with the given padding (top, left, bottom, right).
  init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
    padding: (Int, Int, Int, Int), height: Int, width: Int
  ) {
    self.init(
      input_channels: inputs, output_channels: outputs, kernel_height: kernel, kernel_width: kernel, stride: stride,
      dilation: dilation, groups: groups, pad_top: padding.0, pad_left: padding.1, pad_bottom: padding.2, pad_right: padding.3,
      input_height: height, input_width: width)
  }

  /// Odd shapes: channels that don't fill vectors, 1-pixel maps, taps that never meet the map, strides, asymmetric padding, dilation, groups.
  static let odd: [sa_conv_geometry] = [
    .init(1, 1, kernel: 1, padding: (0, 0, 0, 0), height: 1, width: 1),
    .init(3, 20, kernel: 7, stride: 2, padding: (3, 3, 3, 3), height: 17, width: 19),
    .init(1, 9, kernel: 7, stride: 2, padding: (3, 3, 3, 3), height: 12, width: 9),
    .init(1, 70, kernel: 7, stride: 2, padding: (3, 2, 1, 4), height: 30, width: 33),
    .init(4, 8, kernel: 7, stride: 2, padding: (3, 3, 3, 3), height: 1, width: 1),
    .init(3, 33, kernel: 3, stride: 2, padding: (0, 0, 1, 1), height: 14, width: 11),
    .init(70, 65, kernel: 1, padding: (0, 0, 0, 0), height: 7, width: 9),
    .init(24, 130, kernel: 1, stride: 2, padding: (0, 0, 0, 0), height: 9, width: 8),
    .init(530, 17, kernel: 1, padding: (0, 0, 0, 0), height: 3, width: 3),
    .init(9, 10, kernel: 3, padding: (1, 1, 1, 1), height: 1, width: 1),
    .init(24, 40, kernel: 3, stride: 2, padding: (1, 1, 1, 1), height: 2, width: 1),
    .init(11, 70, kernel: 3, dilation: 3, padding: (3, 3, 3, 3), height: 2, width: 4),
    .init(16, 24, kernel: 3, padding: (1, 1, 1, 1), height: 13, width: 15),
    .init(40, 64, kernel: 3, padding: (0, 2, 1, 0), height: 9, width: 8),
    .init(65, 31, kernel: 3, padding: (2, 2, 2, 2), height: 5, width: 7),
    .init(19, 21, kernel: 3, stride: 2, padding: (1, 1, 1, 1), height: 10, width: 13),
    .init(12, 12, kernel: 3, stride: 3, padding: (2, 0, 1, 2), height: 11, width: 10),
    .init(10, 17, kernel: 3, dilation: 2, padding: (2, 2, 2, 2), height: 9, width: 10),
    .init(8, 8, kernel: 3, stride: 2, dilation: 2, padding: (1, 2, 0, 1), height: 12, width: 9),
    .init(32, 48, kernel: 3, groups: 2, padding: (1, 1, 1, 1), height: 6, width: 5),
    .init(12, 18, kernel: 3, groups: 3, padding: (1, 1, 1, 1), height: 6, width: 5),
    .init(20, 40, kernel: 5, padding: (2, 1, 0, 2), height: 6, width: 12),
    .init(23, 23, kernel: 3, groups: 23, padding: (1, 1, 1, 1), height: 9, width: 8),
    .init(40, 40, kernel: 3, stride: 2, groups: 40, padding: (0, 0, 1, 1), height: 10, width: 7),
    .init(72, 72, kernel: 5, groups: 72, padding: (2, 2, 2, 2), height: 7, width: 11),
    .init(17, 17, kernel: 5, stride: 2, groups: 17, padding: (1, 2, 2, 1), height: 9, width: 9),
    .init(8, 8, kernel: 3, dilation: 2, groups: 8, padding: (2, 2, 2, 2), height: 7, width: 7),
    .init(5, 5, kernel: 3, groups: 5, padding: (1, 1, 1, 1), height: 1, width: 1),
    .init(12, 70, kernel: 4, padding: (0, 0, 0, 0), height: 4, width: 4),
  ]
}
