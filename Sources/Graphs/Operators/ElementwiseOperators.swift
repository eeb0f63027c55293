/// A function applied to every value.
public enum ActivationOperator: String, Hashable, Sendable, Codable {
  /// `max(x, 0)`.
  case relu
  /// `min(max(x, 0), 6)`, MobileNet's.
  case relu6
}

/// Zeroes each value with `probability` while training and scales the rest by `1 / (1 - probability)`; the identity at inference.
public struct DropoutOperator: Hashable, Sendable, Codable {
  public let probability: Float

  public init(probability: Float) {
    precondition((0..<1).contains(probability), "a dropout probability lies in [0, 1): \(probability)")
    self.probability = probability
  }
}

/// Multiplies every value by a constant.
public struct ScalingOperator: Hashable, Sendable, Codable {
  public let factor: Float

  public init(factor: Float) { self.factor = factor }
}
