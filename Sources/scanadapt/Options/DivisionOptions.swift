import ArgumentParser
import Cohorts
import Evaluation
import Experiments

/// Ways of dividing patients other than folds drawn at random: at most one.
struct DivisionOptions: ParsableArguments {
  @Flag(help: "Leave one site out: the manifest's site column.")
  var leaveSiteOut = false

  @Option(help: "YYYY-MM-DD: fit on scans from before, score those from then on (the manifest's date column).", transform: scanDate)
  var splitDate: ScanDate?

  @Flag(help: "The manifest's split column: train, validation, test.")
  var splitColumn = false

  @Option(help: "A file of folds: nnU-Net's splits_final.json, by scan or patient ids.")
  var splits: String?

  var isFixed: Bool { value != .patients }

  var value: FoldDivision {
    if leaveSiteOut { return .sites }
    if let splitDate { return .date(splitDate) }
    if splitColumn { return .splitColumn }
    return splits == nil ? .patients : .file
  }

  func validate() throws {
    let given = [leaveSiteOut, splitDate != nil, splitColumn, splits != nil].count { $0 }
    if given > 1 { throw ValidationError("give one of --leave-site-out, --split-date, --split-column and --splits") }
  }
}

private func scanDate(_ argument: String) throws -> ScanDate {
  guard let date = ScanDate(argument) else { throw ValidationError("--split-date is a day as YYYY-MM-DD, not '\(argument)'") }
  return date
}

/// What is chosen inside each fold's training patients.
struct NestingOptions: ParsableArguments {
  @Option(help: "Choose strategy and learning rate by so many inner folds of each fold's training patients.")
  var innerFolds: Int?

  @Option(help: "With --inner-folds: learning rates to choose from, separated by commas.", transform: rates)
  var learningRates: [Double]?

  @Option(
    help: "With --inner-folds and two classes: youden, sensitivity=0.9 or specificity=0.9, chosen there for each strategy.",
    transform: thresholdRule)
  var threshold: ThresholdRule?

  var value: Nesting? { innerFolds.map { Nesting(innerFolds: $0, learningRates: learningRates ?? [], threshold: threshold) } }

  func validate() throws {
    if let innerFolds, innerFolds < 2 { throw ValidationError("--inner-folds is at least 2, not \(innerFolds)") }
    if learningRates != nil, innerFolds == nil { throw ValidationError("--learning-rates are chosen by inner folds; give --inner-folds") }
    if threshold != nil, innerFolds == nil { throw ValidationError("--threshold is chosen by inner folds; give --inner-folds") }
  }
}

private func thresholdRule(_ argument: String) throws -> ThresholdRule {
  let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
  let least = parts.count == 2 ? Double(parts[1]).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } : nil
  switch (parts.first, least) {
  case ("youden", nil) where parts.count == 1: return .youden
  case ("sensitivity", let least?): return .sensitivity(atLeast: least)
  case ("specificity", let least?): return .specificity(atLeast: least)
  default: throw ValidationError("--threshold is youden, sensitivity=SHARE or specificity=SHARE, not '\(argument)'")
  }
}

private func rates(_ argument: String) throws -> [Double] {
  let rates = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
  guard rates.allSatisfy({ $0 > 0 && $0.isFinite }), Set(rates).count == rates.count else {
    throw ValidationError("--learning-rates are different numbers above 0 separated by commas, not '\(argument)'")
  }
  return rates
}
