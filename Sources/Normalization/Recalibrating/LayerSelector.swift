import Foundation
import Graphs

/// Which normalization layers a rewrite or recalibration is for: all, or those whose state-dict path matches one of some patterns.
///
/// A pattern is a shell wildcard over the whole path: `layer1.*`, `*.bn2`, `features.0.1`. Each must match something: a selector
/// that matches nothing is an error, not a quiet no-op.
public enum LayerSelector: Hashable, Sendable, Codable {
  case all
  case matching([String])

  /// The names among `candidates` that are selected, in the candidates' order.
  /// - Throws: `LayerSelectionError` where a pattern matches none of them, or there are none at all.
  public func select(from candidates: [String]) throws(LayerSelectionError) -> [String] {
    guard !candidates.isEmpty else { throw .noCandidates }
    guard case .matching(let patterns) = self else { return candidates }
    var matched: Set<String> = []
    for pattern in patterns {
      let names = candidates.filter { fnmatch(pattern, $0, 0) == 0 }
      guard !names.isEmpty else { throw .noLayerMatches(pattern: pattern, candidates: candidates) }
      matched.formUnion(names)
    }
    guard !matched.isEmpty else { throw .noLayerMatches(pattern: "", candidates: candidates) }
    return candidates.filter(matched.contains)
  }
}

/// Why no layer could be selected.
public enum LayerSelectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The network has no normalization of the kind asked for.
  case noCandidates
  case noLayerMatches(pattern: String, candidates: [String])

  public var description: String {
    switch self {
    case .noCandidates:
      "found no normalization with stored statistics in this network; expected at least one BatchNorm layer"
    case .noLayerMatches(let pattern, let candidates):
      "no layer matches '\(pattern)'; expected one of \(candidates.count) such as \(candidates.prefix(3).joined(separator: ", "))"
    }
  }
}

extension Graph {
  /// The normalizations whose stored statistics are used at inference: what recalibration can move.
  public var recalibratableLayers: [String] {
    normalizations.filter { $0.operation.keepsStatistics && $0.operation.inferenceSource == .stored }.map(\.name)
  }
}
