/// `y = W x + b` on a feature vector, as PyTorch's `Linear`.
///
/// **Parameters**: `weight` [out, in], `bias` [out] where `hasBias`. **Input**: in×1×1. **Output**: out×1×1.
public struct LinearOperator: Hashable, Sendable, Codable {
  public let inputFeatures: Int
  public let outputFeatures: Int
  public let hasBias: Bool

  public init(inputFeatures: Int, outputFeatures: Int, hasBias: Bool = true) {
    self.inputFeatures = inputFeatures
    self.outputFeatures = outputFeatures
    self.hasBias = hasBias
  }

  func outputShape(of input: FeatureShape) throws(OperatorShapeError) -> FeatureShape {
    guard input == .vector(inputFeatures) else {
      throw OperatorShapeError(expected: "a vector of \(inputFeatures) features", found: [input])
    }
    return .vector(outputFeatures)
  }

  func parameters(at path: String) -> [ParameterDeclaration] {
    let weight = ParameterDeclaration(path, "weight", shape: [outputFeatures, inputFeatures], role: .weight)
    return hasBias ? [weight, ParameterDeclaration(path, "bias", shape: [outputFeatures], role: .bias)] : [weight]
  }
}
