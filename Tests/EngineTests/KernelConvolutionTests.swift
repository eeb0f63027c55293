import CKernels
import Testing

private let algorithms = [SA_CONV_GEMM, SA_CONV_STEM, SA_CONV_WINOGRAD_2, SA_CONV_WINOGRAD_4, SA_CONV_DEPTHWISE]
private let instructionSets = [SA_PORTABLE, SA_AVX2, SA_AVX512].filter { $0.rawValue <= sa_best_instruction_set().rawValue }

/// The largest error allowed, relative to the largest result. Winograd's transforms cancel: F(4x4) loses about a digit. A stem's rows are
/// filtered that way along one axis.
private func bound(_ algorithm: sa_conv_algorithm) -> Double {
  switch algorithm {
  case SA_CONV_WINOGRAD_4: 5e-5
  case SA_CONV_WINOGRAD_2, SA_CONV_STEM: 1e-5
  default: 3e-6
  }
}

@Suite("Convolution kernels")
struct KernelConvolutionTests {
  @Test("The reference forward pass is the definition, in double")
  func referenceForward() {
    var random = TestValues(seed: 1)
    for geometry in sa_conv_geometry.odd {
      let example = ConvolutionCase(geometry, images: 2, random: &random)
      let plan = sa_conv_plan_make_with(geometry, SA_CONV_FORWARD, SA_CONV_REFERENCE, SA_PORTABLE)
      let computed = example.forward(plan, epilogue: false, prologue: false, moments: true)
      let expected = definition(example, plan)
      #expect(relativeError(computed.output.values.map(Double.init), expected) < 1e-6)
      #expect(computed.output.marginsAreIntact)
      let pixels = plan.output_height * plan.output_width
      for image in 0..<2 {
        for channel in 0..<geometry.output_channels {
          let values = (0..<pixels).map { expected[(image * pixels + $0) * geometry.output_channels + channel] }
          let mean = values.reduce(0, +) / Double(pixels)
          let m2 = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
          let at = image * geometry.output_channels + channel
          #expect(abs(computed.means[at] - mean) < 1e-5 * (1 + (m2 / Double(pixels)).squareRoot()))
          #expect(abs(computed.m2[at] - m2) <= 1e-5 * (1 + m2))
        }
      }
    }
  }

  @Test("The reference gradients are the adjoints of the forward pass: <dy, conv(x; w)> has the same value three ways")
  func referenceAdjoints() {
    var random = TestValues(seed: 2)
    for geometry in sa_conv_geometry.odd {
      let example = ConvolutionCase(geometry, images: 2, random: &random)
      let plans = [SA_CONV_FORWARD, SA_CONV_BACKWARD_DATA, SA_CONV_BACKWARD_WEIGHTS].map {
        sa_conv_plan_make_with(geometry, $0, SA_CONV_REFERENCE, SA_PORTABLE)
      }
      let output = example.forward(plans[0], epilogue: false, prologue: false, moments: false).output
      let dx = example.inputGradient(plans[1], addedTo: nil)
      let dw = example.weightGradient(plans[2], prologue: false, addedToWeights: false)
      let products = [
        dot(output.values, example.outputGradient.values), dot(dx.values, example.input.values), dot(dw, example.weight),
      ]
      let size = zip(output.values, example.outputGradient.values).map { abs(Double($0 * $1)) }.reduce(0, +)
      #expect(abs(products[0] - products[1]) < 1e-6 * size && abs(products[0] - products[2]) < 1e-6 * size)
    }
  }

  @Test("Every algorithm on every instruction set gives the reference's output and moments", arguments: [false, true], [false, true])
  func forward(epilogue: Bool, prologue: Bool) {
    var random = TestValues(seed: 3)
    for geometry in sa_conv_geometry.odd {
      let example = ConvolutionCase(geometry, images: random.choice(1...3), random: &random)
      let reference = sa_conv_plan_make_with(geometry, SA_CONV_FORWARD, SA_CONV_REFERENCE, SA_PORTABLE)
      let expected = example.forward(reference, epilogue: epilogue, prologue: prologue, moments: true)
      for plan in fastPlans(geometry, SA_CONV_FORWARD) where plan.takes_prologue || !prologue {
        let computed = example.forward(plan, epilogue: epilogue, prologue: prologue, moments: true)
        let limit = bound(plan.algorithm)
        #expect(relativeError(computed.output.values, expected.output.values) < limit, "\(describe(plan))")
        #expect(computed.output.marginsAreIntact, "\(describe(plan))")
        #expect(relativeError(computed.means, expected.means) < 10 * limit, "\(describe(plan))")
        #expect(relativeError(computed.m2, expected.m2) < 10 * limit || expected.m2.allSatisfy { $0 < 1e-9 }, "\(describe(plan))")
      }
    }
  }

  @Test("Every algorithm on every instruction set gives the reference's input gradient", arguments: [false, true])
  func inputGradient(accumulating: Bool) {
    var random = TestValues(seed: 4)
    for geometry in sa_conv_geometry.odd {
      let example = ConvolutionCase(geometry, images: random.choice(1...3), random: &random)
      let start = accumulating ? example.input : nil
      let reference = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_DATA, SA_CONV_REFERENCE, SA_PORTABLE)
      let expected = example.inputGradient(reference, addedTo: start)
      for plan in fastPlans(geometry, SA_CONV_BACKWARD_DATA) {
        let computed = example.inputGradient(plan, addedTo: start)
        #expect(relativeError(computed.values, expected.values) < bound(plan.algorithm), "\(describe(plan))")
        #expect(computed.marginsAreIntact, "\(describe(plan))")
      }
    }
  }

  @Test("Every algorithm on every instruction set gives the reference's weight gradient", arguments: [false, true], [false, true])
  func weightGradient(accumulating: Bool, prologue: Bool) {
    var random = TestValues(seed: 5)
    for geometry in sa_conv_geometry.odd {
      let example = ConvolutionCase(geometry, images: random.choice(1...3), random: &random)
      let reference = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_WEIGHTS, SA_CONV_REFERENCE, SA_PORTABLE)
      let expected = example.weightGradient(reference, prologue: prologue, addedToWeights: accumulating)
      for plan in fastPlans(geometry, SA_CONV_BACKWARD_WEIGHTS) where plan.takes_prologue || !prologue {
        let computed = example.weightGradient(plan, prologue: prologue, addedToWeights: accumulating)
        #expect(relativeError(computed, expected) < bound(plan.algorithm), "\(describe(plan))")
      }
    }
  }

  @Test("The bits don't depend on the number of threads, nor an image's on its batch")
  func determinism() {
    var random = TestValues(seed: 6)
    let geometries =
      sa_conv_geometry.odd + [
        .init(64, 96, kernel: 3, padding: (1, 1, 1, 1), height: 20, width: 22),
        .init(96, 64, kernel: 1, padding: (0, 0, 0, 0), height: 20, width: 22),
      ]
    for geometry in geometries {
      let example = ConvolutionCase(geometry, images: 3, random: &random)
      for purpose in [SA_CONV_FORWARD, SA_CONV_BACKWARD_DATA, SA_CONV_BACKWARD_WEIGHTS] {
        let plan = sa_conv_plan_make(geometry, purpose, sa_best_instruction_set())
        var seen: [[UInt32]] = []
        for threads in 1...3 {
          let pool = sa_pool_create(Int32(threads))
          defer { sa_pool_destroy(pool) }
          switch purpose {
          case SA_CONV_FORWARD:
            let result = example.forward(plan, epilogue: false, prologue: false, moments: true, pool: pool)
            seen.append(result.output.values.map(\.bitPattern) + (result.means + result.m2).map { Float($0).bitPattern })
          case SA_CONV_BACKWARD_DATA: seen.append(example.inputGradient(plan, addedTo: nil, pool: pool).values.map(\.bitPattern))
          default:
            seen.append(example.weightGradient(plan, prologue: false, addedToWeights: false, pool: pool).map(\.bitPattern))
          }
        }
        #expect(seen[0] == seen[1] && seen[0] == seen[2], "\(describe(plan))")
      }
      let plan = sa_conv_plan_make(geometry, SA_CONV_FORWARD, sa_best_instruction_set())
      let whole = example.forward(plan, epilogue: true, prologue: plan.takes_prologue, moments: true)
      let alone = example.lastImageAlone.forward(plan, epilogue: true, prologue: plan.takes_prologue, moments: true)
      #expect(whole.output.values.suffix(alone.output.values.count) == alone.output.values[...], "\(describe(plan))")
      #expect(whole.means.suffix(alone.means.count) == alone.means[...] && whole.m2.suffix(alone.m2.count) == alone.m2[...])
    }
  }

  @Test("A Winograd weight gradient over many tiles is the gathered product's, and has the same bits at any number of threads")
  func manyTiles() {
    var random = TestValues(seed: 7)
    for (inputs, outputs, height, width) in [(8, 130, 62, 101), (50, 70, 34, 37)] {
      let geometry = sa_conv_geometry(inputs, outputs, kernel: 3, padding: (1, 1, 1, 1), height: height, width: width)
      let example = ConvolutionCase(geometry, images: 3, random: &random)
      let gathered = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_WEIGHTS, SA_CONV_GEMM, sa_best_instruction_set())
      let expected = example.weightGradient(gathered, prologue: true, addedToWeights: true)
      for algorithm in [SA_CONV_WINOGRAD_2, SA_CONV_WINOGRAD_4] {
        for set in instructionSets {
          let plan = sa_conv_plan_make_with(geometry, SA_CONV_BACKWARD_WEIGHTS, algorithm, set)
          let results = (1...3).map { threads in
            let pool = sa_pool_create(Int32(threads))
            defer { sa_pool_destroy(pool) }
            return example.weightGradient(plan, prologue: true, addedToWeights: true, pool: pool)
          }
          #expect(relativeError(results[0], expected) < bound(algorithm), "\(describe(plan))")
          #expect(results[0] == results[1] && results[0] == results[2], "\(describe(plan))")
        }
      }
    }
  }

  @Test("Winograd with weights larger than a cache gives the gathered product's results, and an image's bits don't depend on its batch")
  func largeWeights() {
    var random = TestValues(seed: 8)
    let geometry = sa_conv_geometry(130, 160, kernel: 3, padding: (1, 1, 1, 1), height: 23, width: 30)
    let example = ConvolutionCase(geometry, images: 3, random: &random)
    for set in instructionSets where set != SA_PORTABLE {
      let gathered = [SA_CONV_FORWARD, SA_CONV_BACKWARD_DATA].map { sa_conv_plan_make_with(geometry, $0, SA_CONV_GEMM, set) }
      let plans = [SA_CONV_FORWARD, SA_CONV_BACKWARD_DATA].map { sa_conv_plan_make_with(geometry, $0, SA_CONV_WINOGRAD_4, set) }
      let expected = example.forward(gathered[0], epilogue: true, prologue: true, moments: false).output
      let gradient = example.inputGradient(gathered[1], addedTo: nil)
      let pool = sa_pool_create(3)
      defer { sa_pool_destroy(pool) }
      let whole = example.forward(plans[0], epilogue: true, prologue: true, moments: false, pool: pool).output
      let alone = example.lastImageAlone.forward(plans[0], epilogue: true, prologue: true, moments: false).output
      #expect(relativeError(whole.values, expected.values) < bound(SA_CONV_WINOGRAD_4), "\(describe(plans[0]))")
      #expect(whole.values.suffix(alone.values.count) == alone.values[...], "\(describe(plans[0]))")
      let computed = example.inputGradient(plans[1], addedTo: nil, pool: pool)
      let computedAlone = example.lastImageAlone.inputGradient(plans[1], addedTo: nil)
      #expect(relativeError(computed.values, gradient.values) < bound(SA_CONV_WINOGRAD_4), "\(describe(plans[1]))")
      #expect(computed.values.suffix(computedAlone.values.count) == computedAlone.values[...], "\(describe(plans[1]))")
    }
  }

  @Test("The committed table sends ResNet's 3x3 layers to F(4x4), 2-pixel maps to F(2x2), 1-pixel maps and strides to the gathered product")
  func choice() {
    func algorithms(_ channels: Int, side: Int, stride: Int = 1) -> [sa_conv_algorithm] {
      let geometry = sa_conv_geometry(channels, channels, kernel: 3, stride: stride, padding: (1, 1, 1, 1), height: side, width: side)
      return [SA_CONV_FORWARD, SA_CONV_BACKWARD_DATA].map { sa_conv_plan_make(geometry, $0, SA_AVX2).algorithm }
    }
    for (channels, side) in [(64, 56), (128, 28), (256, 14), (512, 7)] {
      #expect(algorithms(channels, side: side) == [SA_CONV_WINOGRAD_4, SA_CONV_WINOGRAD_4])
      #expect(algorithms(channels, side: side, stride: 2) == [SA_CONV_GEMM, SA_CONV_GEMM])
    }
    // One image's few pixels would wait for F(4x4)'s weights.
    #expect(algorithms(512, side: 3) == [SA_CONV_WINOGRAD_2, SA_CONV_WINOGRAD_4])
    #expect(algorithms(512, side: 2) == [SA_CONV_WINOGRAD_2, SA_CONV_WINOGRAD_2])
    #expect(algorithms(512, side: 1) == [SA_CONV_GEMM, SA_CONV_GEMM])
  }

  private func fastPlans(_ geometry: sa_conv_geometry, _ purpose: sa_conv_purpose) -> [sa_conv_plan] {
    algorithms.flatMap { algorithm in
      instructionSets.map { sa_conv_plan_make_with(geometry, purpose, algorithm, $0) }
    }.filter { $0.algorithm != SA_CONV_REFERENCE }
  }

  private func describe(_ plan: sa_conv_plan) -> String {
    "\(String(cString: sa_conv_algorithm_name(plan.algorithm))) \(String(cString: sa_instruction_set_name(plan.instruction_set))) \(plan.geometry)"
  }

  private func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).map { Double($0) * Double($1) }.reduce(0, +) }

  /// `y[o,i,j] = sum of w[o,c,u,v] * x[c, i*stride - top + u*dilation, j*stride - left + v*dilation]`, NHWC.
  private func definition(_ example: ConvolutionCase, _ plan: sa_conv_plan) -> [Double] {
    let g = example.geometry
    let inputs = g.input_channels / g.groups
    let outputs = g.output_channels / g.groups
    var result: [Double] = []
    for image in 0..<example.images {
      for i in 0..<plan.output_height {
        for j in 0..<plan.output_width {
          for o in 0..<g.output_channels {
            var sum = 0.0
            for c in 0..<inputs {
              for u in 0..<g.kernel_height {
                for v in 0..<g.kernel_width {
                  let row = i * g.stride - g.pad_top + u * g.dilation
                  let column = j * g.stride - g.pad_left + v * g.dilation
                  guard (0..<g.input_height).contains(row), (0..<g.input_width).contains(column) else { continue }
                  let weight = example.weight[((o * inputs + c) * g.kernel_height + u) * g.kernel_width + v]
                  sum += Double(weight) * Double(example.input[image, row, column, o / outputs * inputs + c])
                }
              }
            }
            result.append(sum)
          }
        }
      }
    }
    return result
  }
}
