import Evaluation
import Foundation
import Testing

@Suite("Crossings and gains")
struct CrossingTests {
  /// Two curves with patients who differ, and draws that differ a little, by a shape of one's own.
  static func curves(
    sizes: [Int] = [10, 20, 40, 80], folds: Int = 2, patientsPerFold: Int = 30, noise: Double = 0.02,
    _ shape: (_ strategy: Int, _ size: Double) -> Double
  ) throws -> ResampledCurves {
    let measured = CurveMeasurementsTests.grid(sizes: sizes, folds: folds, draws: 3, patientsPerFold: patientsPerFold) {
      strategy, size, fold, draw, patient in
      // Differs between strategies by patient and draw, and sums to nothing over either.
      let wave = noise * Double(strategy) * (sin(Double(patient) * 2 * .pi / Double(patientsPerFold)) + Double(draw - 1) / 2)
      return shape(strategy, Double(size)) + wave + 0.1 * cos(Double(patient))
    }
    return CurveBootstrap(seed: 3, resamples: 300).curves(of: try CurveMeasurements(measured, poolSize: 100))
  }

  @Test("Straight differences over log n cross where they pass zero, within the interval")
  func reached() throws {
    let crossing = try Self.curves { $0 == 0 ? 0.5 : 0.5 - 0.1 * log($1 / 33) }.crossing(from: "probe", to: "full")
    #expect(crossing.verdict == .reached)
    #expect(abs(try #require(crossing.size) - 33) < 1e-6)
    let (lower, upper) = (try #require(crossing.lower), try #require(crossing.upper))
    #expect(lower < 33 && 33 < upper && lower > 25 && upper < 45)
    #expect(crossing.signChanges == 1)
  }

  @Test("Where changing less is better at every size, the crossing is not reached, and the fits only guess where it may be")
  func notReached() throws {
    let crossing = try Self.curves { $0 == 0 ? 0.4 : 0.2 + 4 / $1 + 0.1 }.crossing(from: "probe", to: "full")
    #expect(crossing.verdict == .reached, "40 patients are within the sizes")
    let early = try Self.curves { $0 == 0 ? 0.4 : 0.2 + 30 / $1 }.crossing(from: "probe", to: "full")
    #expect(early.verdict == .notReached && early.size == nil && early.lower == nil && early.upper == nil)
    #expect(early.largest == 80 && early.shareBeyond == 1)
    #expect(abs(try #require(early.extrapolated) - 150) < 2)
    let never = try Self.curves { $0 == 0 ? 0.3 : 0.4 + 4 / $1 }.crossing(from: "probe", to: "full")
    #expect(never.verdict == .notReached && never.extrapolated == nil)
  }

  @Test("Where changing more is better from the smallest size on, the crossing lies below it")
  func below() throws {
    let crossing = try Self.curves { $0 == 0 ? 0.5 : 0.3 + 1 / $1 }.crossing(from: "probe", to: "full")
    #expect(crossing.verdict == .belowSmallest && crossing.smallest == 10 && crossing.shareBelow == 1)
  }

  @Test("Curves that patients can't tell apart are called indistinguishable; too few patients are called that")
  func undecided() throws {
    let alike = try Self.curves(noise: 0.3) { strategy, size in 0.3 + 1 / size }.crossing(from: "probe", to: "full")
    #expect(alike.verdict == .indistinguishable)
    let few = try Self.curves(patientsPerFold: 8) { $0 == 0 ? 0.5 : 0.5 - 0.1 * log($1 / 33) }.crossing(from: "probe", to: "full")
    #expect(few.verdict == .tooFewPatients(found: 16, needed: 20))
    let single = try Self.curves(sizes: [10]) { strategy, _ in 0.3 }.crossing(from: "probe", to: "full")
    #expect(single.verdict == .tooFewSizes(found: 1))
  }

  @Test("Strategies that give the same answers are called equal")
  func equal() throws {
    let same = try Self.curves(noise: 0) { _, size in 0.3 + 1 / size }.crossing(from: "probe", to: "full")
    #expect(same.verdict == .equal)
  }

  @Test("Curves that cross twice count their sign changes and give one crossing that fits the rising whole")
  func twice() throws {
    // Differences -2, +1, -1, +3: pooled to -2, 0, 0, +3 by equal weights.
    let gaps = [10.0: -0.02, 20: 0.01, 40: -0.01, 80: 0.03]
    let crossing = try Self.curves(noise: 0.001) { $0 == 0 ? 0.5 : 0.5 - gaps[$1]! }.crossing(from: "probe", to: "full")
    #expect(crossing.signChanges == 3)
    let size = try #require(crossing.size)
    #expect(size >= 10 && size <= 80)
  }

  @Test("The gain of more patients is the fitted curve's, and is flagged beyond twice the data")
  func gain() throws {
    let curves = try Self.curves(noise: 0) { 0.1 + (0.8 + Double($0)) * pow($1, -0.5) }
    let gain = try #require(curves.gain(of: "probe", adding: 80, to: 80))
    #expect(abs(gain.gain - (0.8 * pow(80, -0.5) - 0.8 * pow(160, -0.5))) < 1e-5)
    #expect(gain.interval.lower - 1e-9 <= gain.gain && gain.gain <= gain.interval.upper + 1e-9)
    #expect(gain.later.isExtrapolated && !gain.isFarBeyondData)
    #expect(try #require(curves.gain(of: "probe", adding: 81, to: 80)).isFarBeyondData)
  }
}
