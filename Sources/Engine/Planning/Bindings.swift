import CKernels
import Graphs
import Tensors

/// Weights as one convolution's forward pass or data gradient wants them; made at binding, again when the weight has trained.
struct PackedWeights: Sendable {
  struct Key: Hashable, Sendable {
    let path: String
    let backward: Bool
  }

  let key: Key
  let weight: ParameterID
  let plan: sa_conv_plan
}

/// A normalization with stored statistics as `scale * x + shift`, over a convolution's bias where it folds into one.
struct StoredAffine: Sendable {
  let path: String
  let epsilon: Float
  /// The bias of the convolution it is folded into.
  var convolutionBias: ParameterID?
  let channels: Int
}
