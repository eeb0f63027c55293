/// A part of a backbone that is trained, slowed down or frozen as one.
public struct BackbonePart: Hashable, Sendable {
  /// How fine a backbone is divided.
  public enum Unit: String, Hashable, Sendable, Codable, CaseIterable {
    /// All blocks of one resolution: a ResNet's `layer1` to `layer4`, a VGG's layers between two poolings.
    case stage
    /// A residual, dense or inverted block; outside of blocks, one convolution with what follows it.
    case block
  }

  /// `layer4.1`; a stage of several blocks names its first and last: `layer4.0 to layer4.1`.
  public let name: String
  /// Every parameter of the part, in node order.
  public let parameters: [ParameterID]
}

extension Graph {
  /// The backbone divided, from the image to the features; each of its parameters is in one part.
  ///
  /// Blocks come from state-dict paths (`Graph.block(of:)`); what has no numbered path (stems, a VGG's layers) makes a block of each
  /// convolution and what follows it, and a lone normalization at the end goes with the block before it. A stage is the run of blocks
  /// whose layers with parameters reach the same stride against the image: the strides of convolutions, poolings and shortcuts
  /// multiplied along the way. So ResNet's stem is a stage of its own, a DenseNet's transition ends the stage before it, and
  /// MobileNetV2's 19 numbered blocks make five stages. It is structure alone, whatever the size of the image.
  public func backboneParts(by unit: BackbonePart.Unit) -> [BackbonePart] {
    let head = Set(headNodes.map(\.name))
    var strides: [String: Int] = [:]
    var blocks: [(name: String, stride: Int, parameters: [ParameterID])] = []
    for node in nodes where !head.contains(node.name) {
      let stride = (node.inputs.map { strides[$0]! }.max() ?? 1) * node.operation.strideAgainstInput
      strides[node.name] = stride
      let parameters = node.operation.parameters(at: node.name).map(\.id)
      guard !parameters.isEmpty else { continue }
      let name = Graph.block(of: node.name) ?? (node.operation.isConvolution ? node.name : blocks.last?.name ?? node.name)
      if let index = blocks.lastIndex(where: { $0.name == name }) {
        blocks[index].parameters += parameters
        blocks[index].stride = max(blocks[index].stride, stride)
      } else {
        blocks.append((name, stride, parameters))
      }
    }
    guard unit == .stage else { return blocks.map { BackbonePart(name: $0.name, parameters: $0.parameters) } }
    return blocks.chunks { $0.stride == $1.stride }.map { run in
      let (first, last) = (run[run.startIndex].name, run[run.endIndex - 1].name)
      return BackbonePart(name: first == last ? first : "\(first) to \(last)", parameters: run.flatMap(\.parameters))
    }
  }
}

extension Operator {
  fileprivate var isConvolution: Bool { if case .convolution = self { true } else { false } }

  /// By how much it thins out the pixels of a side.
  fileprivate var strideAgainstInput: Int {
    switch self {
    case .convolution(let operation): operation.stride
    case .pooling(let operation): operation.stride
    case .subsampling(let operation): operation.stride
    default: 1
    }
  }
}

extension Array {
  /// Consecutive runs whose neighbours belong together.
  fileprivate func chunks(where belongTogether: (Element, Element) -> Bool) -> [ArraySlice<Element>] {
    var runs: [ArraySlice<Element>] = []
    var start = startIndex
    for index in indices where index + 1 == endIndex || !belongTogether(self[index], self[index + 1]) {
      runs.append(self[start...index])
      start = index + 1
    }
    return runs
  }
}
