import Cohorts
import Graphs

/// What an adaptation did: for `run.json`, tables and reports. Nil is not measured or not applicable.
public struct AdaptationReport: Sendable, Hashable, Codable {
  public var strategy: String
  public var summary: String
  /// What the strategy chose after a look at the training scans.
  public var decision: String?
  /// Why it left the source model as it is; nil where it didn't.
  public var refusal: String?
  /// Why it adapted fewer layers than it was asked to; nil where it didn't.
  public var restraint: String?
  /// The statistics the adapted model holds, as a sentence.
  public var statistics: String
  public var head: HeadPolicy
  /// Training scans and patients, and the labelled scans among them.
  public var scans: Int
  public var patients: Int
  public var labelledScans: Int
  /// Labelled training scans per class, in index order.
  public var scansPerClass: [Int]
  /// Labels of the model that no training scan bears.
  public var unusedLabels: [String]
  /// Files that couldn't be read: left out, and the exit code says so.
  public var unreadable: [UnreadableScan]
  public var trainedParameters: Int
  /// Of all that could train.
  public var trainedShare: Double
  /// Values that L2-SP pulled to where they started; nil without that penalty.
  public var pulledToStart: Int?
  /// Epochs run, and the one whose weights were taken (from 0).
  public var epochs: Int
  public var chosenEpoch: Int?
  /// The course of a training without labels.
  public var unlabelled: UnlabelledTraining?
  /// Scans left out of the last batch of each epoch, where it would have been a batch of one.
  public var droppedPerEpoch: Int
  /// Where the last phase's steps had their inputs from: kept features, or scans read again.
  public var inputs: TrainingInputsKind?
  /// The phases of training, one unless the strategy has more; empty where nothing trained.
  public var phases: [PhaseReport]
  /// The largest relative change of an output that the rewrite and its statistics made before training.
  public var rewriteChange: Double?
  public var changes: [LayerChange]
  public var merge: MergeReport?
  public var seconds: Double?
  /// The most memory the process held while it ran; nil without a clock, as seconds are, and where the system doesn't tell.
  public var peakBytes: Int?

  /// What was decided and found on the way, as tables, the command and the card say it.
  public var findings: [String] { [decision, unlabelled?.sentence].compactMap(\.self) }
}

/// One phase of training, as it went.
public struct PhaseReport: Sendable, Hashable, Codable {
  public let name: String
  /// From 0.
  public let firstEpoch: Int
  /// Epochs it had, and those it ran before early stopping ended it.
  public let plannedEpochs: Int
  public let epochs: Int
  public let trainedParameters: Int
  public let learningRateFactor: Double
  /// Nil where it had ended before the run was taken up again.
  public let inputs: TrainingInputsKind?

  init(_ stretch: TrainingCourse.Stretch, rows: [EpochMetrics], inputs: TrainingInputsKind?) {
    name = stretch.phase.name
    firstEpoch = stretch.epochs.lowerBound
    plannedEpochs = stretch.epochs.count
    epochs = rows.count { stretch.epochs.contains($0.epoch) }
    trainedParameters = stretch.graph.parameters.reduce(0) { $0 + stretch.phase.plan.movingValues(of: $1).count }
    learningRateFactor = stretch.phase.learningRateFactor
    self.inputs = inputs
  }
}

/// A scan that couldn't be read.
public struct UnreadableScan: Sendable, Hashable, Codable {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public init(_ failure: ScanFailure) { self.init(path: failure.path, reason: failure.reason) }
}

/// Where the inputs of training steps come from.
public enum TrainingInputsKind: String, Sendable, Hashable, Codable {
  /// The frozen prefix ran once; its features are kept in memory.
  case keptFeatures
  /// The frozen prefix ran once; its features, too many for the memory, are in a scratch file.
  case spilledFeatures
  /// The prepared scans are kept in memory.
  case keptScans
  /// Scans are read again in each epoch: augmentation, or too little memory.
  case streamed
}
