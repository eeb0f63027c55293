import Crypto
import Files
import Graphs
import Tensors

extension Model {
  /// Names the backbone: SHA-256 over its structure and its sorted (name, shape, bits), without the head and without the
  /// normalizations' state (statistics and affine) and settings.
  ///
  /// What one scanner's norm pack may change leaves it as it is; anything else changes it. Reads every weight once.
  public var backboneHash: ContentHash {
    let head = Set(graph.headNodes.map(\.name))
    var hash = SHA256()
    hash.update(data: Array("scanadapt backbone 1\n".utf8))
    var ids: [ParameterID] = []
    for node in graph.nodes where !head.contains(node.name) {
      hash.update(data: Array("\(Self.line(for: node))\n".utf8))
      if case .normalization = node.operation { continue }
      ids += node.operation.parameters(at: node.name).map(\.id)
    }
    for id in ids.sorted() {
      hash.update(data: Array("\(id) \(parameters.shape(of: id))\n".utf8))
      parameters.withValues(of: id) { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }
    return ContentHash(digestBytes: Array(hash.finalize()))
  }

  /// A node as one line; changing the wording changes every hash.
  private static func line(for node: Node) -> String {
    let operation =
      switch node.operation {
      case .input(let data): "input \(data.channels)"
      case .convolution(let data):
        "convolution \(data.inputChannels) \(data.outputChannels) \(data.kernelHeight)x\(data.kernelWidth) stride \(data.stride) padding "
          + "\(data.padding.top),\(data.padding.left),\(data.padding.bottom),\(data.padding.right) dilation \(data.dilation) "
          + "groups \(data.groups) bias \(data.hasBias)"
      case .linear(let data): "linear \(data.inputFeatures) \(data.outputFeatures) bias \(data.hasBias)"
      case .normalization(let data): "normalization \(data.channels)"
      case .activation(let data): data.rawValue
      case .add: "add"
      case .concatenation: "concatenation"
      case .pooling(let data): "pooling \(data.kind.rawValue) \(data.kernel) stride \(data.stride) padding \(data.padding)"
      case .globalAveragePooling: "global average"
      case .flatten: "flatten"
      case .dropout: "dropout"
      case .subsampling(let data): "subsampling \(data.stride) channels \(data.channelsBefore),\(data.channelsAfter)"
      case .scaling(let data): "scaling \(data.factor)"
      }
    return "\(node.name) | \(operation) | \(node.inputs.joined(separator: " "))"
  }
}

extension ContentHash {
  fileprivate init(digestBytes: [UInt8]) { self = ContentHash(hex: hexadecimal(digestBytes))! }
}
