/// Where images, or the tensors of a cut, enter a graph.
public struct InputOperator: Hashable, Sendable, Codable {
  public let channels: Int

  public init(channels: Int) { self.channels = channels }

  /// The shape fed at this input is the one given at planning; it is passed here as the only "input".
  func outputShape(of inputs: [FeatureShape]) throws(OperatorShapeError) -> FeatureShape {
    guard inputs.count == 1, inputs[0].channels == channels else {
      throw OperatorShapeError(expected: "\(channels) input channels", found: inputs)
    }
    return inputs[0]
  }
}
