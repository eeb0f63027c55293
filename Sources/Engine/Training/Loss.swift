/// What training makes small, averaged over a batch.
public enum Loss: Hashable, Sendable, Codable {
  /// PyTorch's `CrossEntropyLoss(weight:label_smoothing:)`: with class weights the mean is weighted by the targets' weights. Images
  /// without a target are left out.
  case crossEntropy(classWeights: [Float]? = nil, labelSmoothing: Float = 0)
  /// A sigmoid for each logit, whose class is present, absent or unknown: `-[w y log p + (1 - y) log(1 - p)]`, summed over the known
  /// entries and divided by their count. PyTorch's `BCEWithLogitsLoss(pos_weight: w)` where everything is known. Smoothing moves y to
  /// `(1 - s) y + s / 2`. An unknown entry has no influence, not on a bit of the others' gradients beyond the count.
  case binaryCrossEntropy(positiveWeights: [Float]? = nil, labelSmoothing: Float = 0)
  /// Mean Shannon entropy of the softmax, `-sum p ln p`, over the images whose own is below `limit` (in nats; infinity takes all). Targets
  /// aren't read. A batch in which no image counts has the loss 0 and changes nothing.
  case entropy(limit: Double = .infinity)
}
