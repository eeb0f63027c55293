import Evaluation
import Foundation
import Testing

/// How often the interval of a measured n_T* holds the closed form, over simulated cohorts.
///
/// The small version runs always; `tools/check-crossing` runs the whole one and prints its table.
@Suite("Coverage of the crossing")
struct CrossingCoverageTests {
  struct Outcome {
    var held = 0
    var sizes: [Double] = []
    var widths: [Double] = []
    /// Both ends within the sizes measured.
    var bounded = 0
  }

  static func outcome(_ simulation: LinearGaussianSimulation, runs: Range<Int>, resamples: Int) throws -> Outcome {
    let truth = LinearGaussianSimulation.model.crossing!
    var outcome = Outcome()
    for run in runs {
      let curves = CurveBootstrap(seed: UInt64(run), resamples: resamples).curves(of: try simulation.measurements(seed: UInt64(run)))
      let crossing = curves.crossing(from: "probe", to: "full")
      // A side that the data can't bound excludes nothing; an interval wholly outside the sizes excludes what is inside.
      let inside = crossing.verdict == .reached || crossing.verdict == .indistinguishable
      if inside && (crossing.lower ?? 0) <= truth && truth <= (crossing.upper ?? .infinity) { outcome.held += 1 }
      if let size = crossing.size { outcome.sizes.append(size) }
      if let lower = crossing.lower, let upper = crossing.upper {
        outcome.bounded += 1
        outcome.widths.append(upper - lower)
      }
    }
    return outcome
  }

  /// The fewest and the most of `runs` that a share of 95 % explains, all but one time in two hundred on either side.
  static func bounds(runs: Int) -> ClosedRange<Int> {
    var cumulative = 0.0
    var (fewest, most) = (0, runs)
    for count in 0...runs {
      let logChoose = lgamma(Double(runs) + 1) - lgamma(Double(count) + 1) - lgamma(Double(runs - count) + 1)
      let probability = exp(logChoose + Double(count) * log(0.95) + Double(runs - count) * log(0.05))
      if cumulative < 0.005 { fewest = count }
      if cumulative < 0.995 { most = count }
      cumulative += probability
    }
    return fewest...most
  }

  @Test("The interval of n_T* holds 51, the closed form, as often as 95 % explains")
  func small() throws {
    let runs = 24
    let simulation = LinearGaussianSimulation(patients: 240, draws: 3, sizes: [28, 36, 46, 60, 80, 110])
    let outcome = try Self.outcome(simulation, runs: 0..<runs, resamples: 100)
    #expect(Self.bounds(runs: runs).contains(outcome.held), "\(outcome.held) of \(runs)")
    #expect(outcome.bounded > runs / 2)
    #expect(abs(outcome.sizes.sorted()[outcome.sizes.count / 2] - 51) < 8)
  }

  static let everything = ProcessInfo.processInfo.environment["SCANADAPT_ALL"] == "1"
  static let runs = ProcessInfo.processInfo.environment["SCANADAPT_RUNS"].flatMap(Int.init) ?? 400

  @Test("The whole table: cohorts of 120 to 1,000 patients, 3 to 20 draws a fold", .enabled(if: everything))
  func table() throws {
    let sizes = [28, 34, 42, 52, 64, 80, 96, 128, 160]
    print("\npatients  draws  runs  held    median n_T*  bounded  median width")
    for (patients, draws) in [(120, 3), (240, 3), (240, 8), (240, 20), (1000, 4)] {
      let pool = patients * 4 / 5
      let simulation = LinearGaussianSimulation(patients: patients, draws: draws, sizes: sizes.filter { $0 <= pool })
      let outcome = try Self.outcome(simulation, runs: 0..<Self.runs, resamples: 500)
      func median(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }
      print(
        String(
          format: "%8d  %5d  %4d  %.4f  %11.1f  %7.3f  %12.1f", patients, draws, Self.runs, Double(outcome.held) / Double(Self.runs),
          median(outcome.sizes), Double(outcome.bounded) / Double(Self.runs), median(outcome.widths)))
      #expect(outcome.held >= Self.bounds(runs: Self.runs).lowerBound, "\(patients) patients, \(draws) draws: \(outcome.held)")
    }
  }
}
