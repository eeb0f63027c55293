import CKernels
import Testing

private let instructionSets = [SA_PORTABLE, SA_AVX2, SA_AVX512].filter { $0.rawValue <= sa_best_instruction_set().rawValue }

@Suite("Inverted residual in one step")
struct KernelInvertedResidualTests {
  /// Depthwise geometries with the block's input and output channels; equal input and depthwise channels mean no expansion.
  private static let blocks: [(inputs: Int, outputs: Int, depthwise: sa_conv_geometry)] = [
    (16, 24, .init(96, 96, kernel: 3, stride: 2, groups: 96, padding: (1, 1, 1, 1), height: 30, width: 26)),
    (24, 24, .init(40, 40, kernel: 3, groups: 40, padding: (1, 1, 1, 1), height: 17, width: 50)),
    (5, 7, .init(9, 9, kernel: 3, groups: 9, padding: (1, 1, 1, 1), height: 9, width: 8)),
    (12, 33, .init(20, 20, kernel: 5, stride: 2, groups: 20, padding: (1, 2, 2, 1), height: 9, width: 9)),
    (8, 8, .init(72, 72, kernel: 3, dilation: 2, groups: 72, padding: (2, 2, 2, 2), height: 7, width: 7)),
    (3, 3, .init(5, 5, kernel: 3, groups: 5, padding: (1, 1, 1, 1), height: 1, width: 1)),
    (17, 20, .init(17, 17, kernel: 7, stride: 3, groups: 17, padding: (3, 3, 2, 3), height: 19, width: 13)),
    (6, 10, .init(530, 530, kernel: 5, groups: 530, padding: (2, 2, 2, 2), height: 6, width: 5)),
  ]

  @Test("It gives what its convolutions give one by one, by the reference", arguments: [false, true])
  func agrees(adding: Bool) {
    var random = TestValues(seed: 21)
    for block in Self.blocks {
      let example = InvertedResidualCase(block.inputs, block.depthwise, block.outputs, images: random.choice(1...3), &random)
      let expected = example.separately(adding: adding)
      for set in instructionSets {
        let output = example.together(set, adding: adding)
        #expect(relativeError(output.values, expected.values) < 3e-6, "\(block)")
        #expect(output.marginsAreIntact, "\(block)")
      }
    }
  }

  @Test("The bits don't depend on the number of threads, nor an image's on its batch")
  func determinism() {
    var random = TestValues(seed: 22)
    for block in Self.blocks {
      let example = InvertedResidualCase(block.inputs, block.depthwise, block.outputs, images: 9, &random)
      let alone = example.together(sa_best_instruction_set(), adding: true)
      let pool = sa_pool_create(3)
      defer { sa_pool_destroy(pool) }
      #expect(example.together(sa_best_instruction_set(), adding: true, pool: pool).values == alone.values)
      let last = example.lastImageAlone.together(sa_best_instruction_set(), adding: true)
      #expect(alone.values.suffix(last.values.count) == last.values[...])
    }
  }
}

/// An expansion (unless the channels are the same), a depthwise convolution and a projection with operands.
private struct InvertedResidualCase {
  let geometries: [sa_conv_geometry]
  var input, residual: TestMap
  /// Per convolution: weights, scale, shift.
  let weights: [[Float]]
  let affines: [(scale: KernelBuffer, shift: KernelBuffer)]

  init(_ inputs: Int, _ depthwise: sa_conv_geometry, _ outputs: Int, images: Int, _ random: inout TestValues) {
    let (height, width) = (sa_conv_output_height(depthwise), sa_conv_output_width(depthwise))
    let projection = sa_conv_geometry(depthwise.groups, outputs, kernel: 1, padding: (0, 0, 0, 0), height: height, width: width)
    let expansion = sa_conv_geometry(
      inputs, depthwise.groups, kernel: 1, padding: (0, 0, 0, 0), height: depthwise.input_height, width: depthwise.input_width)
    geometries = inputs == depthwise.groups ? [depthwise, projection] : [expansion, depthwise, projection]
    input = TestMap(images, depthwise.input_height, depthwise.input_width, inputs, spare: 1, from: &random)
    residual = TestMap(images, height, width, outputs, spare: 1, from: &random)
    var weights: [[Float]] = []
    var affines: [(KernelBuffer, KernelBuffer)] = []
    for geometry in geometries {
      weights.append(
        random.values(
          geometry.output_channels * geometry.input_channels / geometry.groups * geometry.kernel_height * geometry.kernel_width))
      affines.append((KernelBuffer(random.values(geometry.output_channels)), KernelBuffer(random.values(geometry.output_channels))))
    }
    (self.weights, self.affines) = (weights, affines)
  }

  var lastImageAlone: InvertedResidualCase {
    var one = self
    (one.input, one.residual) = (input.image(input.map.n - 1), residual.image(residual.map.n - 1))
    return one
  }

  /// ReLU6 after all but the projection.
  private func activation(_ index: Int) -> sa_activation { index == geometries.count - 1 ? SA_NO_ACTIVATION : SA_RELU6 }

  private func map(_ geometry: sa_conv_geometry) -> TestMap {
    TestMap(input.map.n, sa_conv_output_height(geometry), sa_conv_output_width(geometry), geometry.output_channels, spare: 1) { .nan }
  }

  func separately(adding: Bool) -> TestMap {
    var map = input
    for (index, geometry) in geometries.enumerated() {
      let plan = sa_conv_plan_make_with(geometry, SA_CONV_FORWARD, SA_CONV_REFERENCE, SA_PORTABLE)
      var epilogue = sa_conv_epilogue()
      epilogue.scale = UnsafePointer(affines[index].scale.pointer)
      epilogue.shift = UnsafePointer(affines[index].shift.pointer)
      epilogue.activation = activation(index)
      if adding, index == geometries.count - 1 { epilogue.residual = residual.map }
      let output = self.map(geometry)
      sa_conv_forward(output.map, map.map, weights[index], epilogue, sa_prologue(), plan, nil, nil)
      map = output
    }
    return map
  }

  func together(_ set: sa_instruction_set, adding: Bool, pool: OpaquePointer? = nil) -> TestMap {
    var packed: [KernelBuffer] = []
    let layers = geometries.indices.map { index in
      let plan = sa_conv_plan_make(geometries[index], SA_CONV_FORWARD, set)
      packed.append(KernelBuffer(plan.packed_floats))
      sa_conv_pack(packed[index].pointer, weights[index], plan, nil)
      var layer = sa_folded_convolution()
      (layer.plan, layer.packed, layer.activation) = (plan, UnsafePointer(packed[index].pointer), activation(index))
      (layer.scale, layer.shift) = (UnsafePointer(affines[index].scale.pointer), UnsafePointer(affines[index].shift.pointer))
      return layer
    }
    var block = sa_inverted_residual()
    var expansion = layers[0].plan
    let (middle, last) = (layers[layers.count - 2].plan, layers[layers.count - 1].plan)
    let fits = layers.count == 3 ? sa_inverted_residual_fits(&expansion, middle, last) : sa_inverted_residual_fits(nil, middle, last)
    #expect(fits)
    if layers.count == 3 { block.expansion = layers[0] }
    (block.depthwise, block.projection) = (layers[layers.count - 2], layers[layers.count - 1])
    let scratch = KernelBuffer(sa_inverted_residual_scratch_floats(block, sa_pool_threads(pool)))
    let output = map(geometries[geometries.count - 1])
    sa_inverted_residual_run(output.map, input.map, adding ? residual.map : sa_map(), block, scratch.pointer, pool)
    return output
  }
}
