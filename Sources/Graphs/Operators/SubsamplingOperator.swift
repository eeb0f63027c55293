/// CIFAR ResNet's parameter-free shortcut (option A): every `stride`-th pixel, then zero channels added before and after.
///
/// He et al. 2016, section 4.2. **Input**: C×H×W. **Output**: (before + C + after)×⌈H/stride⌉×⌈W/stride⌉.
public struct SubsamplingOperator: Hashable, Sendable, Codable {
  public let stride: Int
  public let channelsBefore: Int
  public let channelsAfter: Int

  public init(stride: Int, channelsBefore: Int, channelsAfter: Int) {
    self.stride = stride
    self.channelsBefore = channelsBefore
    self.channelsAfter = channelsAfter
  }

  func outputShape(of input: FeatureShape) throws(OperatorShapeError) -> FeatureShape {
    FeatureShape(
      channels: channelsBefore + input.channels + channelsAfter, height: (input.height + stride - 1) / stride,
      width: (input.width + stride - 1) / stride)
  }
}
