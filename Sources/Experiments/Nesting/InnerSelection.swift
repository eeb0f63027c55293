import Adaptation
import Evaluation

/// A candidate's answers of one class a scan.
public typealias InnerResult = InnerAnswers<Prediction>

/// One candidate on one inner fold: predictions of patients it wasn't fitted on, all of them training patients of the outer fold.
public struct InnerAnswers<Answer: JudgedAnswer & Codable>: Hashable, Codable, Sendable {
  public var candidate: Candidate
  public var innerFold: String
  public var predictions: [Answer]
  public var failure: String?

  public init(candidate: Candidate, innerFold: String, predictions: [Answer] = [], failure: String? = nil) {
    self.candidate = candidate
    self.innerFold = innerFold
    self.predictions = predictions
    self.failure = failure
  }
}

/// What one outer fold's inner folds chose: a pure function of their results.
public struct InnerSelection: Hashable, Sendable {
  /// A candidate and its mean score over inner folds; nil where it failed or its score is undefined in one of them.
  public struct Score: Hashable, Codable, Sendable {
    public var candidate: Candidate
    public var score: Double?
  }

  public var scores: [Score]
  /// The best of all; of equals the first, and the source model comes first. nil where none has a score.
  public var chosen: Candidate?

  /// - Parameter unit: what is scored, and what a threshold is chosen on; in each inner fold of its own, as on held-out patients.
  init(_ results: [InnerResult], candidates: [Candidate], metric: Metric, unit: EvaluationUnit) {
    let results = results.map { result in
      var result = result
      result.predictions = unit.applied(to: result.predictions)
      return result
    }
    scores = Self.scores(results, candidates) { metric.value(of: $0) }
    chosen = Self.best(scores, metric)
    self.metric = metric
    predictions = Dictionary(grouping: results.filter { $0.failure == nil }, by: \.candidate).mapValues { $0.flatMap(\.predictions) }
  }

  /// Of several findings a scan, by the mean over findings; no threshold is chosen.
  init(_ results: [InnerAnswers<MultiLabelPrediction>], candidates: [Candidate], metric: Metric) {
    scores = Self.scores(results, candidates) { MultiLabelScore(metric, of: $0).macro }
    chosen = Self.best(scores, metric)
    self.metric = metric
    predictions = [:]
  }

  private static func scores<Answer>(
    _ results: [InnerAnswers<Answer>], _ candidates: [Candidate], _ value: ([Answer]) -> Double?
  ) -> [Score] {
    candidates.map { candidate in
      let own = results.filter { $0.candidate == candidate }
      let values = own.compactMap { $0.failure == nil ? value($0.predictions) : nil }
      let isDefined = !values.isEmpty && values.count == own.count
      return Score(candidate: candidate, score: isDefined ? values.reduce(0, +) / Double(values.count) : nil)
    }
  }

  private let metric: Metric
  private let predictions: [Candidate: [Prediction]]

  /// A strategy's threshold, chosen on all inner folds' predictions at its best learning rate; nil where it has none.
  func threshold(of strategy: String, _ rule: ThresholdRule) -> DecisionThreshold? {
    Self.best(scores.filter { $0.candidate.strategy == strategy }, metric).flatMap { rule.threshold(on: predictions[$0] ?? []) }
  }

  /// The best learning rate of one strategy; nil where only its own was tried, or none has a score.
  func learningRate(of strategy: String) -> Double? {
    Self.best(scores.filter { $0.candidate.strategy == strategy }, metric)?.learningRate
  }

  private static func best(_ scores: [Score], _ metric: Metric) -> Candidate? {
    var best: (candidate: Candidate, score: Double)?
    for entry in scores {
      guard let score = entry.score else { continue }
      if let found = best, metric.largerIsBetter ? score <= found.score : score >= found.score { continue }
      best = (entry.candidate, score)
    }
    return best?.candidate
  }
}
