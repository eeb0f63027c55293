import Cohorts
import Files

/// What became of one folder of a batch: its row in `summary.csv`.
public struct FolderOutcome: Sendable, Hashable, Codable {
  /// What was done with the folder.
  public enum Action: String, Sendable, Hashable, Codable {
    /// Accepted, and put in place.
    case replaced
    /// Not accepted; what was in place stays.
    case refused
    /// Nothing could be checked; kept apart.
    case keptApart = "kept apart"
    /// Nothing changed since the last run.
    case unchanged
    case failed
  }

  public var folder: String
  public var scanners: [String]
  public var action: Action
  public var outcome: GateOutcome?
  public var patients: Int?
  public var scans: Int?
  /// Files that couldn't be read, rows without files among them.
  public var unreadable: [UnreadableScan]
  /// Mean symmetric KL divergence of the normalizations' statistics from those in place before; nil where there were none.
  public var changeSinceLast: Double?
  /// The pack or model written, within the output.
  public var path: String?
  public var error: String?

  init(folder: String, action: Action) {
    self.folder = folder
    self.scanners = []
    self.action = action
    self.unreadable = []
  }

  var wasRefused: Bool { outcome?.decision == .refused }

  /// The columns of `csvRow`, of format 2.
  public static let csvHeader =
    "format,folder,scanner,action,verdict,part,patients,scans,unreadable,metric,source,adapted,difference,lower,upper,bound,reason,change_since_last,file,error"

  public var csvRow: String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    let difference = outcome?.difference
    let trial = outcome.flatMap { outcome in outcome.trials.last { $0.part == outcome.part } ?? outcome.trials.first }
    let part = outcome?.decision == .acceptedInPart ? outcome!.part.name : ""
    let who: [String] = [
      "2", folder, scanners.joined(separator: "+"), action.rawValue, outcome?.decision.rawValue ?? "", part,
      patients.map(String.init) ?? "", scans.map(String.init) ?? "", "\(unreadable.count)",
    ]
    let numbers: [String] = [
      difference?.metric.name ?? "", text(difference?.reference), text(difference?.candidate), text(difference?.difference),
      text(difference?.interval?.lower), text(difference?.interval?.upper), text(trial?.bound),
    ]
    let cells = who + numbers + [outcome?.reason.description ?? "", text(changeSinceLast), path ?? "", error ?? ""]
    return cells.map(csvCell).joined(separator: ",")
  }
}

/// A whole batch.
public struct BatchSummary: Sendable {
  public let outcomes: [FolderOutcome]

  /// Exit code 3: some folder failed, or some file couldn't be read.
  public var hasFailures: Bool { outcomes.contains { $0.action == .failed || !$0.unreadable.isEmpty } }
  /// Exit code 2: all ran well, and the gate refused some, now or when their scans last changed.
  public var hasRefusals: Bool { outcomes.contains { $0.action == .refused || $0.action == .unchanged && $0.wasRefused } }

  public var csv: String { ([FolderOutcome.csvHeader] + outcomes.map(\.csvRow)).joined(separator: "\n") + "\n" }
}
