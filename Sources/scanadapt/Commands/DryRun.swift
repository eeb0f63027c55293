import Adaptation
import Cohorts
import Foundation
import ModelFiles

/// `--dry-run`: a few steps of each strategy, and what the whole would take.
struct DryRun {
  struct Job {
    let run: AdaptationRun
    /// Fits of it on `scans` scans each, and held-out scans that each is asked about.
    let fits: Double
    let scans: Int
    let predictions: Int
  }

  let source: Model
  let training: TrainingScans
  let loader: ScanLoader
  /// Strategies that the whole would leave out, and why.
  var notApplicable: [(strategy: String, reason: String)] = []

  func table(of jobs: [Job]) throws -> String {
    let measurement = CostMeasurement()
    let sample = measurement.sample(of: training)
    let start = ContinuousClock.now
    let clock: @Sendable () -> Double = { (ContinuousClock.now - start) / .seconds(1) }
    var rows = [["strategy", "fits", "seconds a step", "hours in all", "peak memory"]]
    var total = 0.0
    var notes: [String] = []
    for job in jobs {
      do {
        let cost = try measurement.measure(job.run, from: source, on: sample, loader: loader, seconds: clock)
        let training = cost.secondsPerStep == nil ? nil : job.run.training
        let hours = job.fits * cost.seconds(scans: job.scans, predictions: job.predictions, training: training) / 3600
        total += hours
        if let watch = cost.secondsPerWatch(scans: job.scans) {
          notes.append(
            "\(job.run.strategy.specification): in its hours are the guards' looks at its own answers, at class shares and collapse before "
              + "training and at collapse after each of \(job.run.training.epochs) epochs (\(String(format: "%.3f", watch)) s each)")
        }
        let bytes = cost.bytes(scans: job.scans, measuredScans: sample.count, budget: job.run.budget)
        rows.append([
          job.run.strategy.specification, String(format: "%g", job.fits), cost.secondsPerStep.map { String(format: "%.3f", $0) } ?? "–",
          String(format: "%.3f", hours), bytes.map { String(format: "%.2f GB", Double($0) / 1e9) } ?? "–",
        ])
      } catch {
        rows.append([job.run.strategy.specification, "–", "–", "–", "\(error)"])
      }
    }
    for row in notApplicable { rows.append([row.strategy, "–", "–", "–", "does not apply: \(row.reason)"]) }
    rows.append(["all", "", "", String(format: "%.3f", total), ""])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }
    return (lines + notes).joined(separator: "\n") + "\nmeasured on \(sample.count) scans; nothing was written"
  }
}
