/// What training makes small, averaged over a batch.
public enum Loss: Hashable, Sendable, Codable {
  /// PyTorch's `CrossEntropyLoss(weight:label_smoothing:)`: with class weights the mean is weighted by the targets' weights. Images
  /// without a target are left out.
  case crossEntropy(classWeights: [Float]? = nil, labelSmoothing: Float = 0)
}
