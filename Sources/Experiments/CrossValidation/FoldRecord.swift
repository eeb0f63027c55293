import Adaptation
import Cohorts
import Evaluation

/// A fold's answers of one class a scan.
public typealias FoldRecord = FoldAnswers<Prediction>

/// What one finished fold left behind: every held-out prediction of every strategy. With the plan, all that a result is made of.
///
/// Written whole to `folds/NAME.json`; a resumed run reads it instead of running the fold again. It names patients in the clear and stays
/// in the run folder.
public struct FoldAnswers<Answer: JudgedAnswer & Codable>: Hashable, Codable, Sendable {
  public static var formatVersion: Int { 2 }

  public var format = formatVersion
  /// SHA-256 of everything that decides the fold's bits; a record with another one is of another run.
  public var configuration: String
  public var fold: FoldName
  public var trainingPatients: Int
  public var trainingScans: Int
  /// Held-out patients and scans of the target scanners.
  public var testPatients: Int
  public var testScans: Int
  public var strategies: [Strategy]
  public var unreadable: [UnreadablePath]
  /// Candidates on the inner folds of the training patients; empty without nesting.
  public var inner: [InnerAnswers<Answer>]
  /// The linear probe of what files are like; nil where none was asked for or it hasn't run yet.
  public var shortcut: Strategy?
  /// What fitting and scoring used.
  public var ledger: [LedgerPage]

  public init(
    configuration: String, fold: FoldName, trainingPatients: Int, trainingScans: Int, testPatients: Int, testScans: Int,
    strategies: [Strategy], unreadable: [UnreadablePath] = [], inner: [InnerAnswers<Answer>] = [], shortcut: Strategy? = nil,
    ledger: [LedgerPage] = []
  ) {
    self.configuration = configuration
    self.fold = fold
    self.trainingPatients = trainingPatients
    self.trainingScans = trainingScans
    self.testPatients = testPatients
    self.testScans = testScans
    self.strategies = strategies
    self.unreadable = unreadable
    self.inner = inner
    self.shortcut = shortcut
    self.ledger = ledger
  }

  /// The strategy's entry of this name.
  package subscript(name: String) -> Strategy? { strategies.first { $0.name == name } }

  /// One strategy in this fold.
  public struct Strategy: Hashable, Codable, Sendable {
    public var name: String
    /// Why there are no predictions.
    public var failure: String?
    /// Of every readable held-out scan, target and source scanners alike, in the fold's order.
    public var predictions: [Answer]
    /// The run's metrics, in order, on training scans; nil where undefined.
    public var trainingScores: [Double?]
    public var trainedParameters: Int?
    /// Of all that could train.
    public var trainedShare: Double?
    public var seconds: Double?
    /// The most memory the process held while fitting.
    public var peakBytes: Int?
    public var curve: [LearningCurve.Point]
    public var chosenEpoch: Int?
    public var notes: [String]
    /// The rate that inner folds chose; nil where it trained at its own or nothing trains.
    public var learningRate: Double?
    /// Whose predictions these are, where inner folds chose the strategy.
    public var chosenStrategy: String?
    /// Chosen on inner folds; nil where none was asked for or could be.
    public var threshold: DecisionThreshold?

    public init(
      name: String, failure: String? = nil, predictions: [Answer] = [], trainingScores: [Double?] = [], trainedParameters: Int? = nil,
      trainedShare: Double? = nil, seconds: Double? = nil, peakBytes: Int? = nil, curve: [LearningCurve.Point] = [],
      chosenEpoch: Int? = nil, notes: [String] = [],
      learningRate: Double? = nil, chosenStrategy: String? = nil, threshold: DecisionThreshold? = nil
    ) {
      self.name = name
      self.failure = failure
      self.predictions = predictions
      self.trainingScores = trainingScores
      self.trainedParameters = trainedParameters
      self.trainedShare = trainedShare
      self.seconds = seconds
      self.peakBytes = peakBytes
      self.curve = curve
      self.chosenEpoch = chosenEpoch
      self.notes = notes
      self.learningRate = learningRate
      self.chosenStrategy = chosenStrategy
      self.threshold = threshold
    }
  }
}

/// A file that couldn't be read, by its path in the manifest.
public struct UnreadablePath: Hashable, Codable, Sendable {
  public var path: String
  public var reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}

extension [UnreadablePath] {
  /// Adds those that aren't there yet.
  mutating func note(_ scans: [UnreadableScan]) {
    for scan in scans {
      let entry = UnreadablePath(path: scan.path, reason: scan.reason)
      if !contains(entry) { append(entry) }
    }
  }
}

extension FoldName {
  /// Short, for tables: `3`, or `2.3` for the third fold of the second repetition.
  var short: String { repetition == 0 ? fold : "\(repetition + 1).\(fold)" }
}
