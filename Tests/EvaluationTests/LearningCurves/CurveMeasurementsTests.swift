import Evaluation
import Testing

@Suite("Measurements of learning curves")
struct CurveMeasurementsTests {
  static func grid(
    strategies: [String] = ["probe", "full"], sizes: [Int] = [10, 20], folds: Int = 2, draws: Int = 2, patientsPerFold: Int = 15,
    loss: (_ strategy: Int, _ size: Int, _ fold: Int, _ draw: Int, _ patient: Int) -> Double
  ) -> [CurveMeasurement] {
    var all: [CurveMeasurement] = []
    for (index, strategy) in strategies.enumerated() {
      for size in sizes {
        for fold in 0..<folds {
          for draw in 0..<draws {
            let errors = (0..<patientsPerFold).map { patient in
              PatientError(
                patient: "p\(fold * patientsPerFold + patient)", loss: loss(index, size, fold, draw, patient) * Double(1 + patient % 2),
                weight: Double(1 + patient % 2))
            }
            all.append(CurveMeasurement(strategy: strategy, size: size, fold: fold, draw: draw, errors: errors))
          }
        }
      }
    }
    return all
  }

  @Test("The error is the mean over scans of every draw")
  func mean() throws {
    let measured = Self.grid { Double($0) + Double($1) / 100 + Double($2 * 4 + $3) / 10 + Double($4 % 2) }
    let curves = CurveBootstrap(seed: 1, resamples: 50).curves(of: try CurveMeasurements(measured, poolSize: 40))
    // Patients at odd places, 7 of 15, have two scans and a loss higher by one: 14 of 22 scans. Draws add 0, 0.1, 0.4, 0.5.
    let expected = 0.25 + 14.0 / 22
    #expect(abs(curves.curve("probe").points[0].error - (expected + 0.1)) < 1e-12)
    #expect(abs(curves.curve("full").points[1].error - (expected + 1.2)) < 1e-12)
    #expect(curves.patients == 30 && curves.drawsPerFold == 2)
  }

  @Test("Strategies are paired: a constant difference has no spread whatever patients and subsets do")
  func paired() throws {
    let measured = Self.grid { Double($0) / 4 + Double($2 + $3) / 10 + Double($4) / 7 }
    let curves = CurveBootstrap(seed: 1, resamples: 50).curves(of: try CurveMeasurements(measured, poolSize: 40))
    let difference = try #require(curves.difference(of: "full", from: "probe", at: 20))
    #expect(abs(difference.difference - 0.25) < 1e-12 && difference.standardError < 1e-12)
    #expect(curves.curve("full").points[0].standardError > 0.1)
    let ranks = curves.ranking(at: 20)
    #expect(ranks.map(\.strategy) == ["probe", "full"] && ranks.map(\.shareBest) == [1, 0])
  }

  @Test("Subsets of folds whose partners weren't measured share as many patients as if they had been", arguments: [2, 3])
  func unfinishedFolds(measured: Int) throws {
    // Three folds of 15 patients: each draws from 30, two of them have 15 in common, however many of the three were measured.
    let grid = Self.grid(folds: measured) { _, _, _, _, _ in 0.5 }
    let overlap = SubsetOverlap(try CurveMeasurements(grid, poolSize: 30))
    for size in [10, 20] {
      let part = Double(size) / 30
      let common = Double(size) * 15 / (30 * 30)
      // Over all pairs of different draws, two a fold: those of one fold share size/30, those of two folds what both pools have.
      let draws = (0..<measured).flatMap { [$0, $0] }
      var shares: [Double] = []
      for first in draws.indices {
        for second in draws.indices where first != second { shares.append(draws[first] == draws[second] ? part : common) }
      }
      let shared = shares.map { $0 * $0 }.reduce(0, +) / Double(shares.count)
      let expected = ((1 + Double(draws.count - 1) * shared) / (1 - part * part)).squareRoot()
      #expect(abs(overlap.enlargement(size: size) - expected) < 1e-12)
    }
  }

  @Test("A balanced error weighs the classes of each resample equally: all of one class wrong is one half, whoever is drawn")
  func balanced() throws {
    func measured(_ group: (Int) -> Int) -> [CurveMeasurement] {
      Self.grid(strategies: ["probe"], draws: 1) { _, _, _, _, _ in 0 }.map { old in
        CurveMeasurement(
          strategy: old.strategy, size: old.size, fold: old.fold, draw: old.draw,
          errors: old.errors.enumerated().map { index, error in
            // Every third patient has class 1, and all its scans are answered wrongly.
            let isWrong = index % 3 == 0
            return PatientError(
              patient: error.patient, loss: isWrong ? error.weight : 0, weight: error.weight, group: group(isWrong ? 1 : 0))
          })
      }
    }
    let bootstrap = CurveBootstrap(seed: 1, resamples: 50)
    let balanced = bootstrap.curves(of: try CurveMeasurements(measured { $0 }, poolSize: 40)).curve("probe").points[0]
    #expect(abs(balanced.error - 0.5) < 1e-12 && balanced.standardError < 1e-12)
    // Without classes it is the share of wrong scans: of 15 patients those at places 0, 3, 6, 9, 12, in all 7 of 22 scans.
    let plain = bootstrap.curves(of: try CurveMeasurements(measured { _ in 0 }, poolSize: 40)).curve("probe").points[0]
    #expect(abs(plain.error - 7.0 / 22) < 1e-12 && plain.standardError > 0.02)
  }

  @Test("Intervals of points and of fitted curves stay where errors can be; differences keep their whole width")
  func possibleErrors() throws {
    // One of two draws in each fold is all right: enlarged deviations run far below 0 and above 1.
    let measured = Self.grid { _, _, _, draw, _ in draw == 0 ? 0 : 0.98 }
    func curves(_ largest: Double?) throws -> ResampledCurves {
      CurveBootstrap(seed: 1, resamples: 200, largestError: largest).curves(of: try CurveMeasurements(measured, poolSize: 21))
    }
    let (clipped, free) = (try curves(1), try curves(nil))
    for strategy in ["probe", "full"] {
      for (own, wide) in zip(clipped.curve(strategy).points, free.curve(strategy).points) {
        #expect(own.interval.lower == 0 && own.interval.upper <= 1 && wide.interval.upper > 1)
        #expect(own.error == wide.error && own.standardError == wide.standardError)
      }
      let later = try #require(clipped.prediction(of: strategy, at: 40))
      #expect(later.interval.lower >= 0 && later.interval.upper <= 1 && later.error <= 1)
    }
    #expect(clipped.crossing(from: "probe", to: "full") == free.crossing(from: "probe", to: "full"))
    #expect(clipped.difference(of: "full", from: "probe", at: 20) == free.difference(of: "full", from: "probe", at: 20))
  }

  @Test("A missing draw, a repeated one, other patients and a size past the pool are refused, each by name")
  func refusals() throws {
    let whole = Self.grid { _, _, _, _, _ in 0.5 }
    #expect(throws: CurveMeasurementsError.missing(strategy: "full", size: 20, fold: 1, draw: 1)) {
      try CurveMeasurements(whole.dropLast(), poolSize: 40)
    }
    #expect(throws: CurveMeasurementsError.duplicate(strategy: "probe", size: 10, fold: 0, draw: 0)) {
      try CurveMeasurements(whole + [whole[0]], poolSize: 40)
    }
    var other = whole
    other[3] = CurveMeasurement(
      strategy: "probe", size: 10, fold: 1, draw: 1, errors: other[3].errors.dropLast() + [PatientError(patient: "x", loss: 0)])
    #expect(throws: CurveMeasurementsError.otherPatients(strategy: "probe", size: 10, fold: 1, draw: 1)) {
      try CurveMeasurements(other, poolSize: 40)
    }
    #expect(throws: CurveMeasurementsError.size(strategy: "probe", size: 20, poolSize: 15)) { try CurveMeasurements(whole, poolSize: 15) }
    #expect(throws: CurveMeasurementsError.nothing) { try CurveMeasurements([], poolSize: 15) }
  }
}
