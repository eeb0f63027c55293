import Engine
import Graphs

/// Runs a few scans through a model before and after a rewrite and holds the rewrite to what it promised.
///
/// The difference is the largest |Δlogit| relative to the largest |logit|. Above `threshold` the output changed; below it, it is the
/// same up to rounding.
public struct NoOpDetector: Hashable, Sendable, Codable {
  public var threshold: Double

  public init(threshold: Double = 1e-5) { self.threshold = threshold }

  /// - Parameter rewrite: what was done, for the error: "recalibration on scanner B".
  /// - Returns: the relative difference.
  /// - Throws: `RewriteExpectationError` where the promise isn't kept or an output isn't a number; the engine's errors.
  @discardableResult
  public func check(
    _ rewrite: String, _ expectation: RewriteExpectation, before: (graph: Graph, parameters: Parameters),
    after: (graph: Graph, parameters: Parameters), on scans: FeatureMaps, threads: Int? = nil
  ) throws -> Double {
    let old = try Executor(graph: before.graph, parameters: before.parameters, input: scans.shape, threads: threads)(scans)
    let new = try Executor(graph: after.graph, parameters: after.parameters, input: scans.shape, threads: threads)(scans)
    return try check(rewrite, expectation, before: old, after: new)
  }

  /// The same on outputs that were computed already.
  @discardableResult
  public func check(
    _ rewrite: String, _ expectation: RewriteExpectation, before: FeatureMaps, after: FeatureMaps
  ) throws(RewriteExpectationError) -> Double {
    precondition(before.count == after.count && before.shape == after.shape, "outputs of \(before.shape) and \(after.shape) compared")
    let old = before.tensor.values
    let new = after.tensor.values
    let scale = max(Double(old.lazy.map { abs($0) }.max() ?? 0), Double.leastNormalMagnitude)
    let largest = Double(zip(old, new).lazy.map { abs($0 - $1) }.max() ?? 0)
    let difference = largest / scale
    guard new.allSatisfy(\.isFinite) else { throw RewriteExpectationError(rewrite: rewrite, reason: .notFinite) }
    switch expectation {
    case .changesOutput:
      guard difference > threshold else { throw RewriteExpectationError(rewrite: rewrite, reason: .changedNothing(difference, threshold)) }
    case .identityUntilTrained:
      guard difference <= threshold else { throw RewriteExpectationError(rewrite: rewrite, reason: .changedOutput(difference, threshold)) }
    }
    return difference
  }
}

/// A rewrite that didn't do what it declared.
public struct RewriteExpectationError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// It should change the output and didn't: relative difference, threshold.
    case changedNothing(Double, Double)
    /// It should be the identity until trained and isn't.
    case changedOutput(Double, Double)
    /// It made outputs that aren't numbers.
    case notFinite
  }

  public let rewrite: String
  public let reason: Reason

  package init(rewrite: String, reason: Reason) {
    self.rewrite = rewrite
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .changedNothing(let difference, let threshold):
      "\(rewrite): found no change of the output (largest relative difference \(difference)); expected more than \(threshold)"
    case .changedOutput(let difference, let threshold):
      "\(rewrite): found the output changed by \(difference) of the largest logit; expected at most \(threshold) until it is trained"
    case .notFinite: "\(rewrite): found outputs that are not finite numbers; expected finite logits"
    }
  }
}
