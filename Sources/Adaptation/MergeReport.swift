import Cohorts
import Engine
import Graphs
import ModelFiles

/// What folding added layers back into plain ones changed, measured on training scans.
public struct MergeReport: Hashable, Sendable, Codable {
  /// The layers that took something in.
  public let layers: [String]
  /// The scans it was measured on.
  public let scans: Int
  /// The largest difference of a logit from the unmerged network's, relative to the largest logit: rounding, where all is right.
  public let largestRelativeError: Double

  /// More would only repeat it.
  private static let scanLimit = 32
  /// Rounding in Float32 stays a hundred times below.
  private static let tolerance = 1e-3

  /// - Throws: `MergeError` where the merged network isn't the one that was trained; the engine's errors.
  init(
    of layers: [String], from unmerged: Model, to merged: Model, on scans: RunScans, _ records: [ScanRecord], budget: ComputeBudget
  ) throws {
    let chosen = Array(scans.readable(records).prefix(Self.scanLimit))
    let before = try Executor(
      graph: unmerged.graph, parameters: unmerged.parameters, input: unmerged.card.inputShape, threads: budget.threads)
    let after = try Executor(graph: merged.graph, parameters: merged.parameters, input: merged.card.inputShape, threads: budget.threads)
    var (difference, scale) = (0.0, Double.leastNormalMagnitude)
    for batch in chosen.chunked(by: budget.inferenceBatch) {
      guard let maps = try scans.maps(of: batch) else { continue }
      for (old, new) in zip(try before(maps).tensor.values, try after(maps).tensor.values) {
        difference = new.isFinite ? max(difference, abs(Double(new) - Double(old))) : .infinity
        scale = max(scale, abs(Double(old)))
      }
    }
    guard difference / scale <= Self.tolerance else {
      throw MergeError(layers: layers, found: difference / scale, expected: Self.tolerance)
    }
    self.layers = layers
    self.scans = chosen.count
    largestRelativeError = difference / scale
  }
}

/// A merged network that answers otherwise than the one that was trained.
public struct MergeError: Error, Hashable, Sendable, CustomStringConvertible {
  public let layers: [String]
  public let found: Double
  public let expected: Double

  public var description: String {
    "folding the added layers into \(layers.count) layers changed an output by \(found) of the largest; expected at most \(expected)"
  }
}
