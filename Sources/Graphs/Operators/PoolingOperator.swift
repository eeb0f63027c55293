/// Maximum or mean over a sliding square window, as PyTorch's `MaxPool2d` and `AvgPool2d`.
///
/// Padding never wins a maximum; in a mean it counts as zeros (`count_include_pad`). **Output**: C×H'×W', floor division.
public struct PoolingOperator: Hashable, Sendable, Codable {
  public enum Kind: String, Hashable, Sendable, Codable {
    case maximum
    case average
  }

  public let kind: Kind
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  public init(_ kind: Kind, kernel: Int, stride: Int, padding: Int = 0) {
    precondition(padding * 2 <= kernel, "padding \(padding) exceeds half of the \(kernel)-pixel window")
    self.kind = kind
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  func outputShape(of input: FeatureShape) throws(OperatorShapeError) -> FeatureShape {
    guard min(input.height, input.width) + 2 * padding >= kernel else {
      throw OperatorShapeError(expected: "at least the \(kernel)×\(kernel) window's extent", found: [input])
    }
    return FeatureShape(
      channels: input.channels, height: (input.height + 2 * padding - kernel) / stride + 1,
      width: (input.width + 2 * padding - kernel) / stride + 1)
  }
}
