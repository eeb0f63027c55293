/// Padding of an image's four sides, in pixels; four numbers because "same" padding with a stride is asymmetric in some networks.
public struct Padding: Hashable, Sendable, Codable {
  public let top: Int
  public let left: Int
  public let bottom: Int
  public let right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  public static func all(_ side: Int) -> Padding { Padding(top: side, left: side, bottom: side, right: side) }
}

/// Two-dimensional cross-correlation with zero padding, as PyTorch's `Conv2d`:
/// `y[o,i,j] = b[o] + sum over c,u,v of w[o,c,u,v] * x[c, i*stride - top + u*dilation, j*stride - left + v*dilation]`.
///
/// **Parameters**: `weight` [O, I/groups, kh, kw], `bias` [O] where `hasBias`. **Input**: I×H×W. **Output**: O×H'×W'.
public struct ConvolutionOperator: Hashable, Sendable, Codable {
  public let inputChannels: Int
  public let outputChannels: Int
  public let kernelHeight: Int
  public let kernelWidth: Int
  public let stride: Int
  public let padding: Padding
  public let dilation: Int
  public let groups: Int
  public let hasBias: Bool

  public init(
    inputChannels: Int, outputChannels: Int, kernelHeight: Int, kernelWidth: Int, stride: Int = 1, padding: Padding = .all(0),
    dilation: Int = 1, groups: Int = 1, hasBias: Bool = false
  ) {
    precondition(
      inputChannels % groups == 0 && outputChannels % groups == 0,
      "\(inputChannels) → \(outputChannels) channels don't divide into \(groups) groups")
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.hasBias = hasBias
  }

  /// A square kernel with the same padding on every side, half the kernel unless given.
  public init(
    _ inputChannels: Int, _ outputChannels: Int, kernel: Int, stride: Int = 1, padding: Int? = nil, dilation: Int = 1,
    groups: Int = 1, hasBias: Bool = false
  ) {
    self.init(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelHeight: kernel, kernelWidth: kernel, stride: stride,
      padding: .all(padding ?? dilation * (kernel - 1) / 2), dilation: dilation, groups: groups, hasBias: hasBias)
  }

  /// Every input channel has its own filters.
  public var isDepthwise: Bool { groups == inputChannels && groups > 1 }

  func outputShape(of input: FeatureShape) throws(OperatorShapeError) -> FeatureShape {
    let height = (input.height + padding.top + padding.bottom - dilation * (kernelHeight - 1) - 1) / stride + 1
    let width = (input.width + padding.left + padding.right - dilation * (kernelWidth - 1) - 1) / stride + 1
    guard input.channels == inputChannels,
      input.height + padding.top + padding.bottom >= dilation * (kernelHeight - 1) + 1,
      input.width + padding.left + padding.right >= dilation * (kernelWidth - 1) + 1
    else {
      throw OperatorShapeError(
        expected: "\(inputChannels) channels and at least the \(kernelHeight)×\(kernelWidth) kernel's extent", found: [input])
    }
    return FeatureShape(channels: outputChannels, height: height, width: width)
  }

  func parameters(at path: String) -> [ParameterDeclaration] {
    let weight = ParameterDeclaration(
      path, "weight", shape: [outputChannels, inputChannels / groups, kernelHeight, kernelWidth], role: .weight)
    return hasBias ? [weight, ParameterDeclaration(path, "bias", shape: [outputChannels], role: .bias)] : [weight]
  }
}
