import Adaptation
import Cohorts

/// Scans that couldn't be read, as a list on stderr: never a silent drop.
struct FailureList {
  let lines: [String]

  init(_ failures: [ScanFailure]) { lines = Set(failures.map(\.description)).sorted() }

  init(_ scans: [UnreadableScan]) { lines = Set(scans.map { "\($0.path): \($0.reason)" }).sorted() }

  func print(limit: Int = 20) {
    guard !lines.isEmpty else { return }
    Terminal.note("\(lines.count) scans couldn't be read:")
    for line in lines.prefix(limit) { Terminal.note("  \(line)") }
    if lines.count > limit { Terminal.note("  and \(lines.count - limit) more") }
  }
}
