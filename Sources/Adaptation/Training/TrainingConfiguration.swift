import Engine
import Imaging

/// Everything about training that decides its bits: with the model, the scans and the strategy, the whole of a run.
///
/// What doesn't (threads, memory) is `ComputeBudget`.
public struct TrainingConfiguration: Hashable, Sendable, Codable {
  public var epochs: Int
  /// Scans in a step. Each epoch's order is a function of (seed, epoch). The last batch of an epoch may be smaller; it is dropped where
  /// it would be a single scan under batch statistics, whose variance over a 1×1 map doesn't exist.
  public var batchSize: Int
  public var optimizer: Optimizer
  /// The base learning rate; the schedule multiplies it.
  public var learningRate: Double
  public var schedule: LearningRateSchedule
  public var classWeighting: ClassWeighting
  public var labelSmoothing: Float
  /// Needs validation patients.
  public var earlyStopping: EarlyStopping?
  public var augmentation: Augmentation?
  public var seed: UInt64

  public init(
    epochs: Int = 20, batchSize: Int = 16, optimizer: Optimizer = Optimizer(.adamW(weightDecay: 0.01), decaysAffineAndBias: false),
    learningRate: Double = 1e-3, schedule: LearningRateSchedule = LearningRateSchedule(.cosine(), warmUpEpochs: 1),
    classWeighting: ClassWeighting = .none, labelSmoothing: Float = 0, earlyStopping: EarlyStopping? = nil,
    augmentation: Augmentation? = nil, seed: UInt64 = 0
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.classWeighting = classWeighting
    self.labelSmoothing = labelSmoothing
    self.earlyStopping = earlyStopping
    self.augmentation = augmentation
    self.seed = seed
  }
}

extension TrainingConfiguration {
  /// What is made small.
  /// - Parameter counts: labelled training scans per class, in index order.
  func loss(for counts: [Int]) -> Loss {
    .crossEntropy(classWeights: classWeighting.weights(for: counts), labelSmoothing: labelSmoothing)
  }
}

/// What a computation may take; it changes no bit of the result.
public struct ComputeBudget: Hashable, Sendable {
  /// Nil: one per core.
  public var threads: Int?
  /// Bytes for features kept between epochs and for the frontier of a recalibration.
  public var memory: Int
  /// Images at a time where nothing is trained.
  public var inferenceBatch: Int

  public init(threads: Int? = nil, memory: Int = 2 << 30, inferenceBatch: Int = 16) {
    self.threads = threads
    self.memory = memory
    self.inferenceBatch = inferenceBatch
  }
}
