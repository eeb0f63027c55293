import Adaptation
import Evaluation
import Experiments

/// The command that fits the best accepted adaptation on all patients: the evaluation's own words, less those that only an evaluation
/// takes.
///
/// There is none where no adaptation was accepted, where a leak or shuffled labels make the scores void, and where one `adapt` doesn't do
/// what was evaluated: a head fitted on the source scanners first, or several `--scans`, which are a batch.
package struct RefitCommand {
  package let words: [String]

  /// - Parameters:
  ///   - arguments: what followed `scanadapt evaluate`.
  ///   - scanners: all of the cohort's.
  ///   - output: the evaluation's run folder.
  package init?(_ result: EvaluationResult, arguments: [String], scanners: [String], output: String) {
    guard !result.hasLeak, !result.header.labelsPermuted, result.header.baseline != .linearProbeOnSourceScanners else { return nil }
    // Rates chosen in each fold are no one rate to fit all patients with.
    guard result.conduct?.nesting?.learningRates.isEmpty ?? true else { return nil }
    guard let best = Self.best(of: result) else { return nil }
    // Under `unseenScanner` all scanners are fitted on.
    let targets = result.header.protocolName == .unseenScanner ? scanners : result.header.targetScanners
    self.init(fitting: best.name, head: best.head, on: targets, arguments: arguments, scanners: scanners, output: output)
  }

  /// - Parameters:
  ///   - strategy: its specification.
  ///   - targets: the scanners to fit on.
  package init?(fitting strategy: String, head: String, on targets: [String], arguments: [String], scanners: [String], output: String) {
    let kept = Self.kept(arguments, for: strategy)
    guard kept.count(where: { $0 == "--scans" || $0.hasPrefix("--scans=") }) <= 1 else { return nil }
    let asksForHead = arguments.contains { $0 == "--head" || $0.hasPrefix("--head=") }
    let head = asksForHead || head != HeadPolicy.keep.rawValue ? ["--head", head] : []
    words =
      ["scanadapt", "adapt"] + kept + Self.filters(targets, scanners: scanners) + ["--strategy", strategy] + head
      + ["--out", "\(output.withoutTrailingSlashes)-fitted"]
  }

  /// As a shell reads it back.
  package var text: String { words.map(shellQuoted).joined(separator: " ") }

  /// The accepted adaptation that gains most, whichever direction of the metric is better.
  private static func best(of result: EvaluationResult) -> StrategyResult? {
    let sign: Double = result.header.primaryMetric.largerIsBetter ? 1 : -1
    func gain(_ strategy: StrategyResult) -> Double { sign * (strategy.primary?.difference?.difference ?? 0) }
    // A row beside the strategies, such as one with the scored scans' statistics, is nothing that `adapt` could fit.
    let fittable = result.strategies.filter {
      $0.verdict?.verdict == .adapt && (try? StrategyCatalogue.strategy(specified: $0.name)) != nil
    }
    return fittable.max { gain($0) < gain($1) }
  }

  private static func kept(_ arguments: [String], for strategy: String) -> [String] {
    var leftOut: Set<String> = [
      "--protocol", "--target", "--source", "--strategy", "--head", "--folds", "--repeats", "--metric", "--margin",
      "--training-score-scans", "--out", "--split-date", "--splits", "--inner-folds", "--learning-rates", "--threshold", "--seeds",
      "--pretrained-on", "--unit", "--metrics", "--time", "--sizes", "--more", "--with-images",
    ]
    let flags: Set<String> = [
      "--clear-ids", "--dry-run", "--leave-site-out", "--split-column", "--transductive", "--shortcut-probe", "--no-shortcut-probe",
      "--quick",
    ]
    // Given for some of the strategies; `adapt` refuses what its one has no use for.
    let chosen = try? StrategyCatalogue.strategy(specified: strategy)
    if chosen?.name != "prior-mixed" { leftOut.insert("--prior") }
    if chosen?.name != "alpha-mixed" { leftOut.insert("--alpha") }
    if let chosen, !chosen.objective.needsLabels { leftOut.formUnion(["--patience", "--class-weights", "--label-smoothing"]) }
    if !(chosen is RecalibratedModel || chosen is InstanceNormalized) { leftOut.insert("--layers") }
    var kept: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let name = argument.split(separator: "=", maxSplits: 1).first.map(String.init) ?? argument
      if leftOut.contains(name) {
        if name == argument { _ = rest.popFirst() }
      } else if !flags.contains(argument) {
        kept.append(argument)
      }
    }
    return kept
  }

  /// What keeps `adapt` to the scanners that were fitted on.
  private static func filters(_ targets: [String], scanners: [String]) -> [String] {
    let others = Set(scanners).subtracting(targets).sorted()
    guard !others.isEmpty else { return [] }
    if targets.count == 1 { return ["--where", "scanner=\(targets[0])"] }
    return others.flatMap { ["--exclude", "scanner=\($0)"] }
  }
}

/// A word as a shell reads it back.
private func shellQuoted(_ word: String) -> String {
  let plain = word.utf8.allSatisfy { $0.isASCIIWord || "-_./=,:%+@".utf8.contains($0) }
  return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}

extension UInt8 {
  fileprivate var isASCIIWord: Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
  }
}
