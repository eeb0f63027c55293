import Graphs
import Testing

/// The networks of `tools/golden/engine_operators.py` as graphs: stem, operator, flatten, head.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  let name: String
  let graph: Graph
  /// The operator's last node.
  let middle: String

  var testDescription: String { name }

  init(_ name: String, stem: Int, images: Int = 3, features: Int, _ nodes: [Node]) {
    self.name = name
    let stemNode = Node("stem", .convolution(ConvolutionOperator(images, stem, kernel: 1, hasBias: true)), ["images"])
    let head = [
      Node("flatten", .flatten, [nodes.last!.name]),
      Node("head", .linear(LinearOperator(inputFeatures: features, outputFeatures: 3)), ["flatten"]),
    ]
    let input = Node("images", .input(InputOperator(channels: images)))
    graph = try! Graph(nodes: [input, stemNode] + nodes + head, outputs: ["head"])
    middle = nodes.last!.name
  }
}

private func conv(
  named name: String = "op", _ i: Int, _ o: Int, _ kernel: Int, stride: Int = 1, padding: Int? = nil, dilation: Int = 1, groups: Int = 1,
  hasBias: Bool = true, from input: String = "stem"
) -> Node {
  let operation = ConvolutionOperator(
    i, o, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups, hasBias: hasBias)
  return Node(name, .convolution(operation), [input])
}

private func norm(
  named name: String = "op", _ channels: Int, _ grouping: NormalizationOperator.Grouping = .batch, stored: Bool = false,
  from input: String = "stem"
) -> Node {
  let operation = NormalizationOperator(
    channels: channels, grouping: grouping, trainingSource: stored ? .stored : .batch, updatesStored: stored ? nil : 0.1)
  return Node(name, .normalization(operation), [input])
}

private func relu(_ name: String, from input: String) -> Node { Node(name, .activation(.relu), [input]) }

private func dense(stored: Bool) -> [Node] {
  [
    norm(named: "op.bn1", 8, stored: stored), relu("r1", from: "op.bn1"),
    conv(named: "op.conv1", 8, 8, 3, hasBias: false, from: "r1"),
    Node("cat1", .concatenation, ["stem", "op.conv1"]),
    norm(named: "op.bn2", 16, stored: stored, from: "cat1"), relu("r2", from: "op.bn2"),
    conv(named: "op.conv2", 16, 8, 3, hasBias: false, from: "r2"),
    Node("cat2", .concatenation, ["stem", "op.conv1", "op.conv2"]),
    norm(named: "op.bn3", 24, stored: stored, from: "cat2"), relu("r3", from: "op.bn3"),
  ]
}

private func denseBottleneck(stored: Bool) -> [Node] {
  func layer(_ index: Int, _ width: Int, from input: String) -> [Node] {
    let (first, second) = ("op.bn\(index)a", "op.bn\(index)b")
    return [
      norm(named: first, width, stored: stored, from: input), relu("ra\(index)", from: first),
      conv(named: "op.conv\(index)a", width, 12, 1, hasBias: false, from: "ra\(index)"),
      norm(named: second, 12, stored: stored, from: "op.conv\(index)a"), relu("rb\(index)", from: second),
      conv(named: "op.conv\(index)b", 12, 8, 3, hasBias: false, from: "rb\(index)"),
    ]
  }
  return layer(1, 8, from: "stem") + [Node("cat1", .concatenation, ["stem", "op.conv1b"])] + layer(2, 16, from: "cat1")
    + [
      Node("cat2", .concatenation, ["stem", "op.conv1b", "op.conv2b"]), norm(named: "op.bn3", 24, stored: stored, from: "cat2"),
      relu("r3", from: "op.bn3"), conv(named: "op.conv3", 24, 10, 1, hasBias: false, from: "r3"),
    ]
}

private func bottleneck(stored: Bool) -> [Node] {
  func block(_ i: Int, from input: String) -> [Node] {
    func unit(_ part: String, _ inputs: Int, _ outputs: Int, _ kernel: Int, from input: String) -> [Node] {
      let convolution = "op.conv\(i)\(part)"
      return [
        conv(named: convolution, inputs, outputs, kernel, hasBias: false, from: input),
        norm(named: "op.bn\(i)\(part)", outputs, stored: stored, from: convolution),
      ]
    }
    return unit("a", 9, 5, 1, from: input) + [relu("r\(i)a", from: "op.bn\(i)a")] + unit("b", 5, 5, 3, from: "r\(i)a")
      + [relu("r\(i)b", from: "op.bn\(i)b")] + unit("c", 5, 9, 1, from: "r\(i)b")
      + [Node("add\(i)", .add, ["op.bn\(i)c", input]), relu("r\(i)c", from: "add\(i)")]
  }
  return block(1, from: "stem") + block(2, from: "r1c")
}

private func block(stored: Bool) -> [Node] {
  [
    conv(named: "op.conv1", 5, 9, 3, stride: 2, hasBias: false), norm(named: "op.bn1", 9, stored: stored, from: "op.conv1"),
    relu("r1", from: "op.bn1"),
    conv(named: "op.conv2", 9, 9, 3, hasBias: false, from: "r1"), norm(named: "op.bn2", 9, stored: stored, from: "op.conv2"),
    conv(named: "op.down", 5, 9, 1, stride: 2, hasBias: false), norm(named: "op.downbn", 9, stored: stored, from: "op.down"),
    Node("add", .add, ["op.bn2", "op.downbn"]), relu("y", from: "add"),
    conv(named: "op.conv3", 9, 9, 3, hasBias: false, from: "y"), norm(named: "op.bn3", 9, stored: stored, from: "op.conv3"),
    Node("add2", .add, ["op.bn3", "y"]), relu("z", from: "add2"),
  ]
}

private let asymmetric = ConvolutionOperator(
  inputChannels: 5, outputChannels: 4, kernelHeight: 3, kernelWidth: 2, stride: 2,
  padding: Padding(top: 2, left: 0, bottom: 1, right: 1), hasBias: true)

let operatorCases: [OperatorCase] = [
  OperatorCase("conv3x3", stem: 5, features: 7 * 30, [conv(5, 7, 3)]),
  OperatorCase("conv3x3stride2", stem: 8, features: 6 * 9, [conv(8, 6, 3, stride: 2, hasBias: false)]),
  OperatorCase("conv3x3dilation2", stem: 5, features: 4 * 30, [conv(5, 4, 3, dilation: 2)]),
  OperatorCase("conv3x3groups2", stem: 6, features: 4 * 30, [conv(6, 4, 3, groups: 2)]),
  OperatorCase("conv1x1", stem: 9, features: 5 * 30, [conv(9, 5, 1)]),
  OperatorCase("conv1x1stride2", stem: 9, features: 5 * 9, [conv(9, 5, 1, stride: 2)]),
  OperatorCase("conv7x7stride2", stem: 3, features: 5 * 9, [conv(3, 5, 7, stride: 2)]),
  OperatorCase("conv5x5", stem: 4, features: 3 * 30, [conv(4, 3, 5)]),
  OperatorCase("depthwise", stem: 6, features: 6 * 30, [conv(6, 6, 3, groups: 6)]),
  OperatorCase("depthwiseStride2", stem: 10, features: 10 * 9, [conv(10, 10, 3, stride: 2, groups: 10)]),
  OperatorCase("depthwiseMultiplier", stem: 6, features: 12 * 30, [conv(6, 12, 3, groups: 6)]),
  OperatorCase("convAsymmetric", stem: 5, features: 4 * 4 * 3, [Node("op", .convolution(asymmetric), ["stem"])]),
  OperatorCase("onePixel", stem: 5, images: 4, features: 7, [conv(5, 7, 3)]),
  OperatorCase(
    "linear", stem: 5, features: 6,
    [Node("flat", .flatten, ["stem"]), Node("op", .linear(LinearOperator(inputFeatures: 150, outputFeatures: 6)), ["flat"])]),
  OperatorCase("batchNorm", stem: 5, features: 150, [norm(5)]),
  OperatorCase("batchNormStored", stem: 5, features: 150, [norm(5, stored: true)]),
  OperatorCase("instanceNorm", stem: 5, features: 150, [norm(5, .instance)]),
  OperatorCase("groupNorm", stem: 6, features: 180, [norm(6, .group(count: 2))]),
  OperatorCase(
    "mixedNorm", stem: 6, features: 180, [norm(named: "op.bn", 6, .perChannel(isInstance: [true, false, false, true, true, false]))]),
  OperatorCase("relu", stem: 5, features: 150, [relu("op", from: "stem")]),
  OperatorCase(
    "relu6", stem: 5, features: 150,
    [Node("times6", .scaling(ScalingOperator(factor: 6)), ["stem"]), Node("op", .activation(.relu6), ["times6"])]),
  OperatorCase(
    "maxPool", stem: 5, features: 45, [Node("op", .pooling(PoolingOperator(.maximum, kernel: 3, stride: 2, padding: 1)), ["stem"])]),
  OperatorCase("maxPool2", stem: 5, features: 30, [Node("op", .pooling(PoolingOperator(.maximum, kernel: 2, stride: 2)), ["stem"])]),
  OperatorCase(
    "averagePool", stem: 5, features: 45, [Node("op", .pooling(PoolingOperator(.average, kernel: 3, stride: 2, padding: 1)), ["stem"])]),
  OperatorCase("averagePool2", stem: 5, features: 30, [Node("op", .pooling(PoolingOperator(.average, kernel: 2, stride: 2)), ["stem"])]),
  OperatorCase("globalPool", stem: 11, features: 11, [Node("op", .globalAveragePooling, ["stem"])]),
  OperatorCase(
    "subsampling", stem: 5, features: 90,
    [Node("op", .subsampling(SubsamplingOperator(stride: 2, channelsBefore: 2, channelsAfter: 3)), ["stem"])]),
  OperatorCase("addition", stem: 5, features: 150, [conv(5, 5, 3), Node("sum", .add, ["op", "stem"]), relu("y", from: "sum")]),
  OperatorCase("concatenation", stem: 8, features: 13 * 30, [conv(8, 5, 3), Node("cat", .concatenation, ["stem", "op"])]),
  OperatorCase(
    "concatenationUnaligned", stem: 5, features: 16 * 30, [conv(5, 6, 3), Node("cat", .concatenation, ["stem", "op", "stem"])]),
  OperatorCase("dense", stem: 8, features: 24 * 30, dense(stored: false)),
  OperatorCase("denseStored", stem: 8, features: 24 * 30, dense(stored: true)),
  OperatorCase("denseBottleneck", stem: 8, features: 10 * 30, denseBottleneck(stored: false)),
  OperatorCase("denseBottleneckStored", stem: 8, features: 10 * 30, denseBottleneck(stored: true)),
  OperatorCase("bottleneck", stem: 9, features: 9 * 30, bottleneck(stored: false)),
  OperatorCase("bottleneckStored", stem: 9, features: 9 * 30, bottleneck(stored: true)),
  OperatorCase("block", stem: 5, features: 9 * 9, block(stored: false)),
  OperatorCase("blockStored", stem: 5, features: 9 * 9, block(stored: true)),
  OperatorCase("weightedLoss", stem: 5, features: 150, [relu("op", from: "stem")]),
  OperatorCase("maskedLoss", stem: 5, features: 150, [relu("op", from: "stem")]),
]
