import Evaluation

/// Which metrics tables show beside the first; files have all.
public enum TabulatedMetrics: Hashable, Codable, Sendable {
  case none
  case all
  case these([Metric])

  /// Of those that were computed; a metric that wasn't, such as a class's that doesn't exist, is shown as undefined.
  func chosen(from computed: [Metric]) -> [Metric] {
    switch self {
    case .none: []
    case .all: computed
    case .these(let metrics): metrics
    }
  }
}
