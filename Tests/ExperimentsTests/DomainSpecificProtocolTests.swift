import Adaptation
import Cohorts
import Evaluation
import Experiments
import ModelFiles
import Normalization
import Testing

@Suite("Domain-specific normalization in cross-validation") struct DomainSpecificProtocolTests {
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy(scanners: [.alpha, .beta, .gamma], patients: 6) }

  private func strategies(_ unknown: UnknownScannerPolicy) throws -> [ExperimentStrategy] {
    var wanted = try PhantomStudy.strategies(["domain-specific"])
    wanted[0].strategy = DomainSpecific(unknownScanner: unknown)
    return wanted
  }

  @Test("Within scanners, each target's test scans are answered with a pack of the fold's training patients of that scanner")
  func within() throws {
    let strategies = try strategies(.source)
    let ledger = Ledger()
    let outcome = try PhantomStudy.validation(.withinScanner, strategies, sources: ["alpha"], targets: ["beta", "gamma"])
      .run(on: study.cohort, ledger: ledger)
    #expect(ledger.leaks().isEmpty)
    let loader = ScanLoader(preprocessing: PhantomStudy.preprocessing)
    let scope = FoldScope(testedScanners: ["beta", "gamma"], fittedScanners: ["beta", "gamma"])
    let folds = try study.cohort.folds(
      .grouped(folds: 2, seed: 3), ledger: Ledger(), under: "by hand", scope: scope, firstRepetition: 0
    ).folds
    for (fold, record) in zip(folds, outcome.records) {
      let row = record.strategies[1]
      let training = fold.training.filtered { $0.scanner != "alpha" }
      let byHand = try AdaptationRun(strategies[0].strategy, training: strategies[0].training).adapt(
        try PhantomStudy.model(), to: training, loader: loader)
      for scanner: ScannerID in ["beta", "gamma"] {
        let model = try #require(byHand.packs?[scanner]).applied(to: byHand.model)
        let scans = fold.test.labelledRecords.filter { $0.scanner == scanner }
        let expected = try Predictor(loader: loader).predict(model, on: scans).predictions
        #expect(row.predictions.filter { $0.scanner == scanner.rawValue } == expected && !expected.isEmpty)
      }
      #expect(row.notes == ["alpha: source", "beta: pack beta", "gamma: pack gamma"])
    }
    #expect(outcome.result[strategies[0].name]?.statistics.hasPrefix("each scanner's own") == true)
  }

  @Test(
    "An unseen scanner is answered as the policy says, and the row says which",
    arguments: [UnknownScannerPolicy.nearestStatistics, .mixture])
  func unseen(_ policy: UnknownScannerPolicy) throws {
    let strategies = try strategies(policy)
    let outcome = try PhantomStudy.validation(.unseenScanner, strategies, targets: ["gamma"]).run(on: study.cohort)
    let row = try #require(outcome.records.first?[strategies[0].name])
    #expect(row.failure == nil && row.predictions.allSatisfy { $0.scanner == "gamma" } && row.predictions.count == 12)
    let prefix = policy == .mixture ? "gamma: mixture alpha " : "gamma: "
    #expect(row.notes.count == 1 && row.notes[0].hasPrefix(prefix) && !row.notes[0].contains("pack gamma"))
    #expect(outcome.result[strategies[0].name]?.statistics.contains(policy.sentence) == true)
  }

  @Test("Where unknown scanners are refused, the row fails with that sentence")
  func refused() throws {
    let strategies = try strategies(.refuse)
    let outcome = try PhantomStudy.validation(.unseenScanner, strategies, targets: ["gamma"]).run(on: study.cohort)
    let failure = outcome.records.first?[strategies[0].name]?.failure
    #expect(failure == "found scans of scanner 'gamma'; expected one of: alpha, beta")
  }
}
