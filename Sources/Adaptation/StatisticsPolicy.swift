import Normalization

/// Which statistics the normalizations of an adapted model hold. Every strategy names one; none is left stale by accident.
public enum StatisticsPolicy: Hashable, Sendable, Codable {
  /// The source model's stored ones, untouched.
  case source
  /// Those of the target's training patients, by default layer-sequential: each layer's on the input it will see at inference. Estimated
  /// before anything trains, and again after weights below a normalization have moved.
  case target(Recalibration = Recalibration())

  /// As headers and reports say it.
  public var sentence: String {
    guard case .target(let recalibration) = self else { return "the source model's stored statistics" }
    var words =
      switch recalibration.method {
      case .layerSequential: "the target's training patients', layer-sequential"
      case .onePass(let size): "the target's training patients', one-pass in batches of \(size)"
      }
    if let blend = recalibration.blend.words { words += ", \(blend)" }
    if let count = recalibration.statisticsScans { words += ", of at most \(count) scans" }
    if case .matching(let patterns) = recalibration.layers { words += ", in \(patterns.joined(separator: ", ")) only" }
    return words
  }
}
