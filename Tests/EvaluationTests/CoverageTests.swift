import Evaluation
import Foundation
import Testing

/// How often 95 % intervals hold the truth, and how often tests at 5 % claim a difference that isn't there.
///
/// The small version runs always; `tools/check-coverage` runs the whole one and prints its table.
@Suite("Coverage of intervals")
struct CoverageTests {
  static let metrics: [Metric] = [
    .auroc, .balancedAccuracy, .sensitivity(of: 1), .specificity(of: 1), .accuracy, .brier, .logLoss, .averagePrecision, .f1,
    .matthewsCorrelation, .kappa,
  ]
  /// Those whose coverage is promised.
  static let promised: [Metric] = [.auroc, .balancedAccuracy, .sensitivity(of: 1), .brier]

  struct Tally {
    var held = 0
    var all = 0
    var share: Double { all == 0 ? 0 : Double(held) / Double(all) }

    mutating func add(_ interval: Interval?, _ truth: Double) {
      all += 1
      if let interval, interval.contains(truth) { held += 1 }
    }

    mutating func add(rejected pValue: Double?) {
      all += 1
      if let pValue, pValue < 0.05 { held += 1 }
    }
  }

  struct Outcome {
    var estimates = [Metric: Tally]()
    var bootstraps = [Metric: Tally]()
    var differences = [Metric: Tally]()
    var pairedBootstraps = [Metric: Tally]()
    var rejections = [Metric: Tally]()
    var mcNemar = Tally()
    var midP = Tally()
    var scanwise = Tally()
    var scanwiseMcNemar = Tally()
  }

  static func simulate(_ cohort: CoverageCohort, cohorts: Int, resamples: Int, metrics: [Metric]) throws -> Outcome {
    var outcome = Outcome()
    let truths = metrics.map { (cohort.truth($0), cohort.truth($0, gain: CoverageCohort.gain)) }
    for seed in 0..<UInt64(cohorts) {
      let sample = cohort.sample(seed)
      let scores = try PatientBootstrap(seed: seed, resamples: resamples).scores(metrics, of: [sample.source, sample.better, sample.equal])
      for (metric, (estimate, truth)) in zip(metrics, zip(scores[0].estimates, truths)) {
        outcome.estimates[metric, default: Tally()].add(estimate?.interval, truth.0)
        outcome.bootstraps[metric, default: Tally()].add(estimate?.bootstrapInterval, truth.0)
      }
      for (metric, (difference, truth)) in zip(metrics, zip(scores[1].differences(from: scores[0]), truths)) {
        outcome.differences[metric, default: Tally()].add(difference?.interval, truth.1 - truth.0)
        outcome.pairedBootstraps[metric, default: Tally()].add(difference?.bootstrapInterval, truth.1 - truth.0)
      }
      for (metric, difference) in zip(metrics, scores[2].differences(from: scores[0])) {
        outcome.rejections[metric, default: Tally()].add(rejected: difference?.pValue)
      }
      let mcNemar = PatientMcNemar(candidate: sample.equal, reference: sample.source)
      outcome.mcNemar.add(rejected: mcNemar.pValue)
      outcome.midP.add(rejected: mcNemar.midPValue)
      let flat = (sample.equal.folds.flatMap { $0 }, sample.source.folds.flatMap { $0 })
      outcome.scanwiseMcNemar.add(rejected: McNemar(candidate: flat.0, reference: flat.1).pValue)
      let scanwise = try PatientBootstrap(seed: seed, resamples: 2).difference(
        .auroc, candidate: flat.0.map(\.itsOwnPatient), reference: flat.1.map(\.itsOwnPatient))
      outcome.scanwise.add(rejected: scanwise?.pValue)
    }
    return outcome
  }

  @Test(
    "95 % intervals hold the truth in 92 to 98 of 100 small, unbalanced, clustered cohorts, and tests claim at most 8 of 100 in vain",
    arguments: [CoverageCohort(patients: 30, positiveShare: 0.25), CoverageCohort(patients: 60, positiveShare: 0.2)])
  func small(cohort: CoverageCohort) throws {
    let cohorts = 300
    // Three standard errors of a share of 300 below and above what is promised.
    let noise = 3 * (0.95 * 0.05 / Double(cohorts)).squareRoot()
    let outcome = try Self.simulate(cohort, cohorts: cohorts, resamples: 300, metrics: Self.promised)
    for metric in Self.promised {
      for (kind, tally) in [("estimate", outcome.estimates[metric]!), ("difference", outcome.differences[metric]!)] {
        #expect(abs(tally.share - 0.95) <= 0.03 + noise, "\(metric.name), \(kind): \(tally.share)")
      }
      #expect(outcome.rejections[metric]!.share <= 0.08 + noise)
    }
    #expect(outcome.mcNemar.share <= 0.05 + noise && outcome.midP.share <= 0.08 + noise)
  }

  static let everything = ProcessInfo.processInfo.environment["SCANADAPT_ALL"] == "1"

  @Test("The whole table: 1,000 cohorts each of 30, 60 and 150 patients", .enabled(if: everything))
  func table() async throws {
    let designs: [(String, CoverageCohort)] = [
      ("30 patients, 8 positive", CoverageCohort(patients: 30, positiveShare: 0.25)),
      ("60 patients, 12 positive", CoverageCohort(patients: 60, positiveShare: 0.2)),
      ("150 patients, 22 positive", CoverageCohort(patients: 150, positiveShare: 0.15)),
      ("60 patients, 12 positive, 30 % with scans of both classes", CoverageCohort(patients: 60, positiveShare: 0.2, mixed: 0.3)),
      ("60 patients, 15 positive, five folds", CoverageCohort(patients: 60, positiveShare: 0.25, folds: 5)),
    ]
    for (name, cohort) in designs {
      let outcome = try Self.simulate(cohort, cohorts: 1000, resamples: 1000, metrics: Self.metrics)
      print("\n\(name)")
      print("metric                   interval   bootstrap  difference  its bootstrap  type I")
      for metric in Self.metrics {
        let columns = [
          outcome.estimates[metric]!, outcome.bootstraps[metric]!, outcome.differences[metric]!, outcome.pairedBootstraps[metric]!,
          outcome.rejections[metric]!,
        ]
        print(
          metric.name.padding(toLength: 24, withPad: " ", startingAt: 0),
          columns.map { String(format: "%9.3f", $0.share) }.joined(separator: "  "))
      }
      print(
        String(
          format: "type I: McNemar by patient %.3f, mid-p %.3f; by scan, for contrast: McNemar %.3f, DeLong %.3f", outcome.mcNemar.share,
          outcome.midP.share, outcome.scanwiseMcNemar.share, outcome.scanwise.share))
      for metric in Self.promised {
        #expect((0.92...0.98).contains(outcome.estimates[metric]!.share), "\(name), \(metric.name): \(outcome.estimates[metric]!.share)")
        #expect(
          (0.92...0.98).contains(outcome.differences[metric]!.share),
          "\(name), difference in \(metric.name): \(outcome.differences[metric]!.share)")
      }
    }
  }
}
