/// A low-rank change beside a convolution or linear layer: `y = W x + s B (A x)`.
///
/// In the graph it is four nodes behind the layer: `.lora_A` with the layer's kernel, stride, padding, dilation and groups and `rank`
/// outputs; `.lora_B`, 1×1 with the same groups; `.lora_scaling`; `.lora_sum`. Groups are kept in both, so that every output sees the
/// inputs that it saw, and the change is a weight of the layer's own shape. (PEFT's `lora_A` of a grouped convolution reads all groups,
/// and can't be merged.)
///
/// **Parameters**: `….lora_A.weight` [rank, I/groups, kh, kw] or [rank, in]; `….lora_B.weight` [O, rank/groups, 1, 1] or [out, rank].
///
/// Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
public struct LowRankUpdate: Hashable, Sendable, Codable {
  /// The layer's path.
  public let layer: String
  public let rank: Int
  /// `s`: alpha / rank, or alpha / √rank where rank-stabilized (Kalajdzievski 2023).
  public let scale: Float

  public init(layer: String, rank: Int, scale: Float) {
    precondition(rank > 0, "a low-rank update has a rank of 1 or more, not \(rank)")
    self.layer = layer
    self.rank = rank
    self.scale = scale
  }

  public var a: ParameterID { ParameterID(path: "\(layer).lora_A", field: "weight") }
  public var b: ParameterID { ParameterID(path: "\(layer).lora_B", field: "weight") }
  var nodeNames: [String] { ["lora_A", "lora_B", "lora_scaling", "lora_sum"].map { "\(layer).\($0)" } }

  /// Why a node can't have an update of this rank; nil where it can.
  public static func obstacle(at node: Node, rank: Int) -> String? {
    switch node.operation {
    case .linear: nil
    case .convolution(let data) where data.isDepthwise:
      "a depthwise convolution has one filter of \(data.kernelHeight * data.kernelWidth) weights for each channel, whose rank is 1 already"
    case .convolution(let data) where rank % data.groups != 0:
      "a rank of \(rank) doesn't divide into the convolution's \(data.groups) groups"
    case .convolution: nil
    default: "it is neither a convolution nor a linear layer"
    }
  }
}

extension Graph {
  /// - Throws: `GraphError.unknownNode`; traps on a node with an `obstacle`.
  public func adding(_ update: LowRankUpdate) throws(GraphError) -> Graph {
    guard let node = self[update.layer] else { throw .unknownNode(update.layer) }
    if let obstacle = LowRankUpdate.obstacle(at: node, rank: update.rank) { preconditionFailure("\(update.layer): \(obstacle)") }
    let (a, b): (Operator, Operator) =
      switch node.operation {
      case .convolution(let data): (.convolution(data.reduced(to: update.rank)), .convolution(data.restored(from: update.rank)))
      case .linear(let data):
        (
          .linear(LinearOperator(inputFeatures: data.inputFeatures, outputFeatures: update.rank, hasBias: false)),
          .linear(LinearOperator(inputFeatures: update.rank, outputFeatures: data.outputFeatures, hasBias: false))
        )
      default: preconditionFailure("\(update.layer) has no weight")
      }
    let names = update.nodeNames
    return try inserting(
      [
        Node(names[0], a, node.inputs), Node(names[1], b, [names[0]]),
        Node(names[2], .scaling(ScalingOperator(factor: update.scale)), [names[1]]), Node(names[3], .add, [node.name, names[2]]),
      ], after: node.name)
  }

  /// The updates in the graph, in node order.
  public var lowRankUpdates: [LowRankUpdate] {
    nodes.compactMap { node in
      guard node.name.hasSuffix(".lora_scaling"), case .scaling(let scaling) = node.operation else { return nil }
      let layer = String(node.name.dropLast(".lora_scaling".count))
      let rank =
        switch self["\(layer).lora_A"]?.operation {
        case .convolution(let data)?: data.outputChannels
        case .linear(let data)?: data.outputFeatures
        default: 0
        }
      return rank > 0 && self[layer] != nil ? LowRankUpdate(layer: layer, rank: rank, scale: scaling.factor) : nil
    }
  }
}

extension ConvolutionOperator {
  /// The same window with other outputs and no bias.
  fileprivate func reduced(to rank: Int) -> ConvolutionOperator {
    ConvolutionOperator(
      inputChannels: inputChannels, outputChannels: rank, kernelHeight: kernelHeight, kernelWidth: kernelWidth, stride: stride,
      padding: padding, dilation: dilation, groups: groups)
  }

  /// 1×1 from the rank to the outputs, group by group.
  fileprivate func restored(from rank: Int) -> ConvolutionOperator {
    ConvolutionOperator(rank, outputChannels, kernel: 1, groups: groups)
  }
}
