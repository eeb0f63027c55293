import Foundation

/// One figure of ours beside another: a peer's, or our own of another job.
struct ComparisonRow: Encodable {
  enum Unit: String, Encodable {
    case seconds = "s"
    case megabytes = "MB"
    case milliseconds = "ms"
  }

  /// What the ratio should be.
  struct Aim: Encodable {
    /// Theirs over ours is at least, or ours over theirs at most.
    enum Kind: String, Encodable { case timesAtLeast, shareAtMost }
    let kind: Kind
    let value: Double
  }

  let job: String
  let detail: String
  let unit: Unit
  let ours: Double
  let other: String
  let theirs: Double?
  let aim: Aim?

  /// Theirs over ours, or ours over theirs where a share is asked for.
  var ratio: Double? { theirs.map { aim?.kind == .shareAtMost ? ours / $0 : $0 / ours } }

  static let header = column("job", 28) + column("detail", 44) + "     ours    other  ratio   aim     beside"

  var line: String {
    let bound = aim.map { ($0.kind == .shareAtMost ? "≤ " : "≥ ") + String(format: "%-5.2g", $0.value) } ?? "       "
    return Self.column(job, 28) + Self.column(detail, 44) + String(format: "%9.2f", ours)
      + (theirs.map { String(format: "%9.2f", $0) } ?? "        –") + (ratio.map { String(format: "%7.2f", $0) } ?? "      –")
      + "  \(bound) \(unit.rawValue), \(other)"
  }

  private static func column(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
}

extension ComparisonRow.Aim {
  static func atLeast(_ value: Double) -> Self { Self(kind: .timesAtLeast, value: value) }
  static func atMost(_ value: Double) -> Self { Self(kind: .shareAtMost, value: value) }
}
