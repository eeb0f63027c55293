/// What a node computes: a closed choice with the data that defines it. Structure only; values live in `Parameters`.
public enum Operator: Hashable, Sendable, Codable {
  /// Where images, or the tensors of a cut, enter.
  case input(InputOperator)
  case convolution(ConvolutionOperator)
  case linear(LinearOperator)
  case normalization(NormalizationOperator)
  case activation(ActivationOperator)
  /// The elementwise sum of two or more equal shapes.
  case add
  /// Channels of all inputs, one after the other.
  case concatenation
  case pooling(PoolingOperator)
  /// The mean over all pixels: `C×H×W → C×1×1`.
  case globalAveragePooling
  /// `C×H×W → (C·H·W)×1×1`, in NCHW order whatever the layout inside the engine.
  case flatten
  case dropout(DropoutOperator)
  /// CIFAR ResNet's parameter-free shortcut.
  case subsampling(SubsamplingOperator)
  /// Multiplies by a constant (LoRA's alpha / rank).
  case scaling(ScalingOperator)
}

/// A shape that an operator can't take: what it needed and what it got.
public struct OperatorShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  public let expected: String
  public let found: [FeatureShape]

  public init(expected: String, found: [FeatureShape]) {
    self.expected = expected
    self.found = found
  }

  public var description: String { "needs \(expected); found \(found.map(\.description).joined(separator: ", "))" }
}

extension Operator {
  /// The shape of the output for one image.
  public func outputShape(of inputs: [FeatureShape]) throws(OperatorShapeError) -> FeatureShape {
    switch self {
    case .input(let operation): return try operation.outputShape(of: inputs)
    case .convolution(let operation): return try operation.outputShape(of: one(inputs))
    case .linear(let operation): return try operation.outputShape(of: one(inputs))
    case .normalization(let operation): return try operation.outputShape(of: one(inputs))
    case .pooling(let operation): return try operation.outputShape(of: one(inputs))
    case .subsampling(let operation): return try operation.outputShape(of: one(inputs))
    case .activation, .dropout, .scaling: return try one(inputs)
    case .globalAveragePooling: return .vector(try one(inputs).channels)
    case .flatten: return .vector(try one(inputs).count)
    case .add:
      guard let first = inputs.first, inputs.count >= 2, inputs.allSatisfy({ $0 == first }) else {
        throw OperatorShapeError(expected: "two or more inputs of one shape", found: inputs)
      }
      return first
    case .concatenation:
      guard let first = inputs.first, inputs.allSatisfy({ $0.height == first.height && $0.width == first.width }) else {
        throw OperatorShapeError(expected: "inputs of one height and width", found: inputs)
      }
      return FeatureShape(channels: inputs.map(\.channels).reduce(0, +), height: first.height, width: first.width)
    }
  }

  private func one(_ inputs: [FeatureShape]) throws(OperatorShapeError) -> FeatureShape {
    guard inputs.count == 1 else { throw OperatorShapeError(expected: "one input", found: inputs) }
    return inputs[0]
  }

  /// The parameters of a node of this kind at `path`, in PyTorch's order.
  public func parameters(at path: String) -> [ParameterDeclaration] {
    switch self {
    case .convolution(let operation): operation.parameters(at: path)
    case .linear(let operation): operation.parameters(at: path)
    case .normalization(let operation): operation.parameters(at: path)
    default: []
    }
  }
}
