import CKernels
import Graphs

/// A convolution's shape as real networks have it, with the networks' layers of that shape.
struct LayerShape {
  let geometry: sa_conv_geometry
  /// "resnet18 layer1.0.conv1".
  let layer: String
  /// The layers of the network that have this shape.
  var count: Int

  /// "3×3/2 64→128 at 56×56".
  var described: String {
    let g = geometry
    let kind = g.groups > 1 ? (g.groups == g.input_channels ? " dw" : " /\(g.groups)") : ""
    return "\(g.kernel_height)×\(g.kernel_width)\(g.stride > 1 ? "/\(g.stride)" : "")\(kind) \(g.input_channels)→\(g.output_channels) "
      + "at \(g.input_height)×\(g.input_width)"
  }

  /// A plain product of square matrices as a 1×1 convolution: what the packed GEMM is held to.
  static let squareProduct = LayerShape(
    geometry: sa_conv_geometry(ConvolutionOperator(512, 512, kernel: 1), input: FeatureShape(channels: 512, height: 16, width: 32)),
    layer: "gemm 512×512×512", count: 1)

  /// Each shape of the network's convolutions once, in the order data meets them.
  static func all(of network: Architecture, size: Int) throws -> [LayerShape] {
    let graph = network.graph(classes: 1000)
    let shapes = try graph.shapes(input: FeatureShape(channels: 3, height: size, width: size))
    var found: [LayerShape] = []
    for node in graph.nodes {
      guard case .convolution(let operation) = node.operation else { continue }
      let geometry = sa_conv_geometry(operation, input: shapes[node.inputs[0]]!)
      if let known = found.firstIndex(where: { $0.geometry.numbers == geometry.numbers }) {
        found[known].count += 1
      } else {
        found.append(LayerShape(geometry: geometry, layer: "\(network.rawValue) \(node.name)", count: 1))
      }
    }
    return found
  }
}

extension sa_conv_geometry {
  init(_ operation: ConvolutionOperator, input: FeatureShape) {
    self.init(
      input_channels: operation.inputChannels, output_channels: operation.outputChannels, kernel_height: operation.kernelHeight,
      kernel_width: operation.kernelWidth, stride: operation.stride, dilation: operation.dilation, groups: operation.groups,
      pad_top: operation.padding.top, pad_left: operation.padding.left, pad_bottom: operation.padding.bottom,
      pad_right: operation.padding.right, input_height: input.height, input_width: input.width)
  }

  /// C structs aren't Equatable.
  fileprivate var numbers: [Int] {
    [
      input_channels, output_channels, kernel_height, kernel_width, stride, dilation, groups, pad_top, pad_left, pad_bottom, pad_right,
      input_height, input_width,
    ]
  }
}
