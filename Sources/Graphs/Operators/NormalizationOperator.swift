/// `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, per channel.
///
/// Which pixels share a mean and variance is `grouping`; where they come from is said apart for training and inference, so that
/// "BatchNorm frozen by accident" can't happen: it is data, printed in reports.
///
/// **Parameters**: `weight` (gamma) and `bias` (beta), [C]. **Buffers**: `running_mean`, `running_var` (unbiased), [C], and
/// `num_batches_tracked`, where `keepsStatistics`. **Input** and **output**: C×H×W.
///
/// Ioffe and Szegedy 2015 (batch), Ulyanov et al. 2016 (instance), Wu and He 2018 (group).
public struct NormalizationOperator: Hashable, Sendable, Codable {
  public enum Grouping: Hashable, Sendable, Codable {
    /// One mean and variance per channel over all images and pixels of a batch.
    case batch
    /// One per image and channel.
    case instance
    /// One per image and group of channels.
    case group(count: Int)
    /// Marked channels per image, the rest per batch (IBN, Pan et al. 2018; partial swaps).
    case perChannel(isInstance: [Bool])
  }

  /// Where the mean and variance come from.
  public enum Source: String, Hashable, Sendable, Codable {
    /// The stored running statistics.
    case stored
    /// The input at hand: its biased variance normalizes.
    case batch
  }

  public let channels: Int
  public var grouping: Grouping
  public var epsilon: Float
  public var trainingSource: Source
  public var inferenceSource: Source
  /// The weight of the new batch in the running statistics while training, as PyTorch's `momentum`; nil leaves them alone.
  public var updatesStored: Float?

  public init(
    channels: Int, grouping: Grouping = .batch, epsilon: Float = 1e-5, trainingSource: Source = .batch,
    inferenceSource: Source = .stored, updatesStored: Float? = 0.1
  ) {
    self.channels = channels
    self.grouping = grouping
    self.epsilon = epsilon
    self.trainingSource = trainingSource
    self.inferenceSource = inferenceSource
    self.updatesStored = updatesStored
  }

  /// Whether running statistics are among its parameters.
  public var keepsStatistics: Bool {
    switch grouping {
    case .batch, .perChannel: true
    case .instance, .group: false
    }
  }

  /// Whether some channel is normalized by one image's own pixels.
  private var normalizesImages: Bool {
    switch grouping {
    case .instance: true
    case .perChannel(let isInstance): isInstance.contains(true)
    case .batch, .group: false
    }
  }

  func outputShape(of input: FeatureShape) throws(OperatorShapeError) -> FeatureShape {
    guard input.channels == channels else {
      throw OperatorShapeError(expected: "\(channels) channels", found: [input])
    }
    if normalizesImages, input.pixels == 1 {
      // Every image would become beta, whatever it shows.
      throw OperatorShapeError(expected: "more than one pixel for instance normalization", found: [input])
    }
    return input
  }

  func parameters(at path: String) -> [ParameterDeclaration] {
    let affine = ["weight", "bias"].map { ParameterDeclaration(path, $0, shape: [channels], role: .affine) }
    guard keepsStatistics else { return affine }
    return affine
      + ["running_mean", "running_var"].map { ParameterDeclaration(path, $0, shape: [channels], role: .buffer) }
  }
}
