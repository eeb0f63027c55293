import Graphs
import Normalization

/// How far an adaptation of normalizations may reach, and why.
struct GuardedReach: Hashable, Codable {
  enum Extent: Hashable, Codable {
    case everywhere, earlyHalf, nowhere
  }

  let extent: Extent
  /// As reports say it.
  let sentence: String
  private let early: [String]

  init(_ finding: LabelShiftFinding, _ action: LabelShiftGuard.Action, early: [String]) {
    self.early = early
    if !finding.hasMoved {
      extent = .everywhere
      sentence = "all normalizations: \(finding.sentence)"
    } else if action == .refuse || early.isEmpty {
      extent = .nowhere
      sentence = "refused: \(finding.sentence)"
    } else if !finding.scannerShows {
      extent = .nowhere
      sentence = "refused: \(finding.sentence), and no other scanner shows at the first normalization, so that there is nothing to repair"
    } else {
      extent = .earlyHalf
      sentence = "restrained to the early half of the normalizations: \(finding.sentence)"
    }
  }

  /// Statistics within this reach: of the layers asked for, those in the early half.
  func restricted(_ policy: StatisticsPolicy, in graph: Graph) throws(LayerSelectionError) -> StatisticsPolicy {
    guard case .target(var recalibration) = policy, extent != .everywhere else { return policy }
    let allowed = try recalibration.layers.select(from: graph.recalibratableLayers).filter(early.contains)
    guard extent == .earlyHalf, !allowed.isEmpty else { return .source }
    recalibration.layers = .matching(allowed)
    return .target(recalibration)
  }

  /// The normalizations within this reach.
  func layers(of graph: Graph) -> Set<String> {
    switch extent {
    case .everywhere: Set(graph.normalizations.map(\.name))
    case .earlyHalf: Set(early)
    case .nowhere: []
    }
  }
}
