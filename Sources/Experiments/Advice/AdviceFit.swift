import Adaptation
import Evaluation

/// One strategy fitted on one part of a fold's training patients, and its answers for the fold's test scans.
///
/// Written whole to `fits/NAME.json`; a resumed run reads it instead of fitting again. It names patients in the clear and stays in the run
/// folder.
public struct AdviceFit: Hashable, Codable, Sendable {
  public static let formatVersion = 1

  public var format = AdviceFit.formatVersion
  /// SHA-256 of everything that decides the bits; one with another is of another run.
  public var configuration: String
  public var strategy: String
  /// Of the plan's, from 0.
  public var fold: Int
  public var draw: Int
  /// Training patients.
  public var size: Int
  public var trainingScans: Int
  /// Why there are no predictions.
  public var failure: String?
  /// Of every readable test scan, in the fold's order.
  public var predictions: [Prediction]
  public var unreadable: [FoldRecord.UnreadableScanEntry]
  public var trainedParameters: Int?
  public var trainedShare: Double?
  /// What the strategy chose after a look at the training scans.
  public var decision: String?
  /// Fitting and asking together; nil without a clock.
  public var seconds: Double?
  /// The process's largest resident memory while it fitted; nil without a clock, or where the system doesn't tell.
  public var peakBytes: Int?

  /// Scans were fitted on; false for a model that only answered.
  var isFitted: Bool { trainingScans > 0 }

  /// The same answers as those of another place, where nothing depends on it.
  func standing(at place: Place) -> AdviceFit {
    var moved = self
    (moved.fold, moved.draw, moved.size) = (place.fold, place.draw, place.size)
    return moved
  }

  var place: Place { Place(strategy: strategy, fold: fold, draw: draw, size: size) }

  /// Which fit of the plan.
  struct Place: Hashable, Sendable {
    var strategy: String
    var fold: Int
    var draw: Int
    var size: Int

    var fileName: String { "fits/\(fold + 1)-\(draw + 1)-\(size)-\(strategy.fileStem).json" }
  }
}

/// What each strategy costs here, from a few steps: kept, so that a continued run plans as the first one did.
struct AdviceCosts: Codable, Sendable {
  static let formatVersion = 1
  static let file = "costs.json"

  struct Entry: Codable, Sendable {
    var strategy: String
    var cost: StrategyCost?
    /// Why there is none.
    var failure: String?
  }

  var format = AdviceCosts.formatVersion
  var configuration: String
  var entries: [Entry]
  /// Scans that were measured on.
  var sample: Int
  /// What measuring took.
  var seconds: Double

  func cost(of strategy: String) -> StrategyCost? { entries.first { $0.strategy == strategy }?.cost }
}
