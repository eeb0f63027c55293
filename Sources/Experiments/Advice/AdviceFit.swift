import Adaptation
import Evaluation

/// One strategy fitted on one part of a fold's training patients, and its answers for the fold's test scans.
///
/// Written whole to `fits/NAME.json`; a resumed run reads it instead of fitting again. It names patients in the clear and stays in the run
/// folder.
public struct AdviceFit: Hashable, Codable, Sendable {
  public static let formatVersion = 2

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
  public var unreadable: [UnreadablePath]
  public var trainedParameters: Int?
  public var trainedShare: Double?
  /// What the strategy chose after a look at the training scans.
  public var decision: String?
  /// What the guards of a training without labels found; nil for others.
  public var guards: GuardReport?
  /// Fitting and asking together; nil without a clock.
  public var seconds: Double?
  /// The process's largest resident memory while it fitted; nil without a clock, or where the system doesn't tell.
  public var peakBytes: Int?

  /// Of a training without labels.
  public struct GuardReport: Hashable, Codable, Sendable {
    public var sentence: String
    /// Fewer layers were adapted than asked for.
    public var isRestrained: Bool
    /// The source model was left as it is.
    public var isRefused: Bool
    /// Training was ended early.
    public var isEnded: Bool

    var hasActed: Bool { isRestrained || isRefused || isEnded }

    /// nil for a training on labels.
    init?(_ report: AdaptationReport) {
      let parts = [report.refusal ?? report.decision, report.unlabelled?.sentence].compactMap(\.self)
      (isRestrained, isRefused, isEnded) = (report.restraint != nil, report.refusal != nil, report.unlabelled?.collapse != nil)
      guard isRestrained || isRefused || report.unlabelled != nil, !parts.isEmpty else { return nil }
      sentence = parts.joined(separator: "; ")
    }
  }

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
