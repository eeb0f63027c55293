import Adaptation
import ArgumentParser
import Engine
import Files
import Imaging
import Yams

/// How weights are trained: each option replaces one value of the strategy's defaults, or of `--config`.
struct TrainingOptions: ParsableArguments {
  @Option(help: "A YAML file with a training configuration, such as a run's config.yaml; options given here win.")
  var config: String?

  @Option(help: "Passes over the training scans.")
  var epochs: Int?

  @Option(help: "Scans in a step.")
  var batchSize: Int?

  @Option(help: "The base learning rate.")
  var learningRate: Double?

  @Option(help: "sgd (momentum 0.9) or adamw.")
  var optimizer: OptimizerName?

  @Option(help: "Weight decay; the weights only, not biases and normalizations.")
  var weightDecay: Double?

  @Option(
    name: .customLong("l2-sp"),
    help: "A penalty of LAMBDA/2 on the squared distance from the pretrained weights, in place of weight decay; new weights decay.")
  var l2SP: Double?

  @Option(help: "constant, cosine, or step (a tenth after every third of the epochs).")
  var schedule: ScheduleName?

  @Option(help: "Epochs over which the learning rate rises from near zero.")
  var warmUp: Double?

  @Option(help: "none, or balanced: rarer classes count more.")
  var classWeights: ClassWeighting?

  @Option(help: "The share of each target that is spread over all classes.")
  var labelSmoothing: Float?

  @Option(help: "Scale gradients down where their global norm exceeds this.")
  var clip: Double?

  @Option(help: "Stop after so many epochs without a better loss on validation patients, which are set aside for it.")
  var patience: Int?

  @Option(
    name: .customLong("augment"), parsing: .singleValue,
    help: "flip, rotate=DEGREES, scale=SHARE, gain=SHARE or offset=VALUE; may be given several times.")
  var augmentations: [AugmentationTerm] = []

  func validate() throws {
    if let patience, patience < 1 { throw ValidationError("--patience is at least 1 epoch, not \(patience)") }
  }

  /// - Parameters:
  ///   - defaults: the strategy's own, used where there is no `--config`.
  ///   - seed: as given; nil leaves that of `--config`, else 0.
  func resolved(from defaults: TrainingConfiguration, seed: UInt64?) throws -> TrainingConfiguration {
    var training = try config.map(ConfigurationFile.read) ?? defaults
    if seed != nil || config == nil { training.seed = seed ?? 0 }
    if let epochs { training.epochs = epochs }
    if let batchSize { training.batchSize = batchSize }
    if let learningRate { training.learningRate = learningRate }
    if let optimizer { training.optimizer.rule = optimizer.rule }
    if let weightDecay { training.optimizer.rule = training.optimizer.rule.decaying(by: weightDecay) }
    if let l2SP { training.optimizer.startingPointPenalty = l2SP }
    if let clip { training.optimizer.clippingNorm = clip }
    if let schedule { training.schedule.shape = schedule.shape(epochs: training.epochs) }
    if let warmUp { training.schedule.warmUpEpochs = warmUp }
    // A default warm-up never outlasts a short run.
    if warmUp == nil, training.schedule.warmUpEpochs >= Double(training.epochs) { training.schedule.warmUpEpochs = 0 }
    if let classWeights { training.classWeighting = classWeights }
    if let labelSmoothing { training.labelSmoothing = labelSmoothing }
    if let patience { training.earlyStopping = EarlyStopping(patience: patience) }
    if !augmentations.isEmpty { training.augmentation = AugmentationTerm.combined(augmentations) }
    return training
  }
}

enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
  case sgd, adamw

  var rule: Optimizer.Rule { self == .sgd ? .sgd() : .adamW() }
}

enum ScheduleName: String, ExpressibleByArgument, CaseIterable {
  case constant, cosine, step

  func shape(epochs: Int) -> LearningRateSchedule.Shape {
    switch self {
    case .constant: .constant
    case .cosine: .cosine()
    case .step: .step(epochs: max(1, epochs / 3))
    }
  }
}

extension Optimizer.Rule {
  fileprivate func decaying(by decay: Double) -> Optimizer.Rule {
    switch self {
    case .sgd(let momentum, let nesterov, _): .sgd(momentum: momentum, nesterov: nesterov, weightDecay: decay)
    case .adamW(let beta1, let beta2, let epsilon, _): .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay)
    }
  }
}

/// One `--augment`.
enum AugmentationTerm: ExpressibleByArgument {
  case flip
  case rotate(Double)
  case scale(Double)
  case gain(Double)
  case offset(Double)

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    let value = parts.count == 2 ? Double(parts[1]).flatMap { $0.isFinite ? $0 : nil } : nil
    switch (parts.first, value) {
    case ("flip", nil) where parts.count == 1: self = .flip
    case ("rotate", let value?) where value >= 0: self = .rotate(value)
    case ("scale", let value?) where value >= 0: self = .scale(value)
    case ("gain", let value?) where value >= 0: self = .gain(value)
    case ("offset", let value?) where value >= 0: self = .offset(value)
    default: return nil
    }
  }

  static func combined(_ terms: [AugmentationTerm]) -> Augmentation {
    var (flip, rotation, scale, gain, offset) = (false, 0.0, 0.0, 0.0, 0.0)
    for term in terms {
      switch term {
      case .flip: flip = true
      case .rotate(let value): rotation = value
      case .scale(let value): scale = value
      case .gain(let value): gain = value
      case .offset(let value): offset = value
      }
    }
    return Augmentation(horizontalFlip: flip, rotationDegrees: rotation, scale: scale, intensityGain: gain, intensityOffset: offset)
  }
}

extension ClassWeighting: ExpressibleByArgument {}
