import Graphs
import RandomStreams
import Tensors
import Testing

/// Merging against the definition, in double precision.
@Suite struct MergingTests {
  /// A convolution's sum for one image, as PyTorch defines it.
  private static func convolve(_ x: [[[Double]]], _ w: Tensor, _ data: ConvolutionOperator) -> [[[Double]]] {
    let (height, width) = (x[0].count, x[0][0].count)
    let rows = (height + data.padding.top + data.padding.bottom - data.dilation * (data.kernelHeight - 1) - 1) / data.stride + 1
    let columns = (width + data.padding.left + data.padding.right - data.dilation * (data.kernelWidth - 1) - 1) / data.stride + 1
    let (inputs, outputs) = (data.inputChannels / data.groups, data.outputChannels / data.groups)
    return (0..<data.outputChannels).map { o in
      (0..<rows).map { i in
        (0..<columns).map { j in
          var sum = 0.0
          for c in 0..<inputs {
            for u in 0..<data.kernelHeight {
              for v in 0..<data.kernelWidth {
                let (row, column) = (
                  i * data.stride - data.padding.top + u * data.dilation, j * data.stride - data.padding.left + v * data.dilation
                )
                guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                let weight = Double(w[((o * inputs + c) * data.kernelHeight + u) * data.kernelWidth + v])
                sum += weight * x[o / outputs * inputs + c][row][column]
              }
            }
          }
          return sum
        }
      }
    }
  }

  private static func random(_ shape: Shape, _ name: String) -> Tensor {
    var stream = RandomStream(seed: 5, purpose: "merging", content: name)
    return Tensor(shape: shape, values: (0..<shape.count).map { _ in Float(stream.normal()) })
  }

  private static func image(_ channels: Int) -> [[[Double]]] {
    let values = random([channels, 7, 6], "image")
    return (0..<channels).map { c in (0..<7).map { i in (0..<6).map { j in Double(values[(c * 7 + i) * 6 + j]) } } }
  }

  private static func largestDifference(_ left: [[[Double]]], _ right: [[[Double]]]) -> Double {
    zip(left.joined().joined(), right.joined().joined()).map { abs($0 - $1) }.max() ?? .infinity
  }

  private static let convolutions = [
    ConvolutionOperator(4, 6, kernel: 3), ConvolutionOperator(4, 6, kernel: 3, stride: 2),
    ConvolutionOperator(4, 6, kernel: 3, dilation: 2), ConvolutionOperator(4, 6, kernel: 3, groups: 2),
    ConvolutionOperator(4, 6, kernel: 1, stride: 2), ConvolutionOperator(6, 9, kernel: 5, stride: 3, padding: 1, groups: 3),
    ConvolutionOperator(
      inputChannels: 4, outputChannels: 4, kernelHeight: 3, kernelWidth: 1, padding: Padding(top: 0, left: 1, bottom: 2, right: 0)),
  ]

  /// The operators of a layer's update, as the graph has them.
  private static func operators(_ data: ConvolutionOperator, rank: Int) throws -> (a: ConvolutionOperator, b: ConvolutionOperator) {
    let graph = try Graph(
      nodes: [Node("input", .input(InputOperator(channels: data.inputChannels))), Node("conv", .convolution(data), ["input"])],
      outputs: ["conv"]
    ).adding(LowRankUpdate(layer: "conv", rank: rank, scale: 1))
    guard case .convolution(let a)? = graph["conv.lora_A"]?.operation, case .convolution(let b)? = graph["conv.lora_B"]?.operation else {
      throw GraphError.unknownNode("conv.lora_A")
    }
    return (a, b)
  }

  @Test("W + s B A gives W x + s B (A x) for any kernel, stride, dilation and groups", arguments: convolutions)
  func lowRank(data: ConvolutionOperator) throws {
    let rank = 6
    let (aLayer, bLayer) = try Self.operators(data, rank: rank)
    let w = Self.random([data.outputChannels, data.inputChannels / data.groups, data.kernelHeight, data.kernelWidth], "w")
    let a = Self.random([rank, data.inputChannels / data.groups, data.kernelHeight, data.kernelWidth], "a")
    let b = Self.random([data.outputChannels, rank / data.groups, 1, 1], "b")
    let x = Self.image(data.inputChannels)
    let plain = Self.convolve(x, w, data)
    let added = Self.convolve(Self.convolve(x, a, aLayer), b, bLayer)
    let expected = zip(plain, added).map { zip($0, $1).map { zip($0, $1).map { $0 + 1.5 * $1 } } }
    let merged = LowRankUpdate.merged(weight: w, a: a, b: b, scale: 1.5, groups: data.groups)
    // Only the merged weight is rounded, to Float32.
    #expect(Self.largestDifference(Self.convolve(x, merged, data), expected) < 2e-5)
    #expect(Self.largestDifference(plain, expected) > 1)
  }

  @Test("A parallel 1×1 gives what the centre tap gives, its stride and groups respected", arguments: convolutions)
  func parallel(data: ConvolutionOperator) throws {
    let graph = try Graph(
      nodes: [Node("input", .input(InputOperator(channels: data.inputChannels))), Node("conv", .convolution(data), ["input"])],
      outputs: ["conv"])
    guard ParallelBranch.obstacle(at: graph["conv"]!) == nil else {
      #expect(data.kernelHeight * data.kernelWidth == 1 || data.padding != .all(data.dilation * (data.kernelHeight - 1) / 2))
      return
    }
    let branched = try graph.adding(ParallelBranch(layer: "conv"))
    guard case .convolution(let pointwise)? = branched["conv.parallel"]?.operation else {
      Issue.record("no branch")
      return
    }
    var parameters = Parameters(branched.parameters)
    for id in parameters.ids { parameters[id] = Self.random(parameters.shape(of: id), "\(id)") }
    let x = Self.image(data.inputChannels)
    let plain = Self.convolve(x, parameters["conv", "weight"], data)
    let added = Self.convolve(x, parameters["conv.parallel", "weight"], pointwise)
    let expected = zip(plain, added).map { zip($0, $1).map { zip($0, $1).map { $0 + $1 } } }
    let merged = try branched.mergingParallelBranches(in: parameters)
    #expect(merged.graph == graph)
    #expect(Self.largestDifference(Self.convolve(x, merged.parameters["conv", "weight"], data), expected) < 1e-5)
  }

  @Test("A linear layer's change is the product of its factors")
  func linear() {
    let (w, a, b) = (Self.random([5, 7], "w"), Self.random([2, 7], "a"), Self.random([5, 2], "b"))
    let merged = LowRankUpdate.merged(weight: w, a: a, b: b, scale: 0.25)
    for o in 0..<5 {
      for i in 0..<7 {
        let change = (0..<2).map { Double(b[o * 2 + $0]) * Double(a[$0 * 7 + i]) }.reduce(0, +)
        #expect(abs(Double(merged[o * 7 + i]) - Double(w[o * 7 + i]) - 0.25 * change) < 1e-6)
      }
    }
  }
}
