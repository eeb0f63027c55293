import Foundation
import Normalization
import RandomStreams
import Testing

/// A scanner's feature vectors, each patient's around a place of its own.
private struct Cloud {
  var rows: [[Double]] = []
  var patients: [String] = []

  /// - Parameters:
  ///   - places: where patients known already are; others get one.
  ///   - scans: of a patient, at random.
  init(
    _ names: [String], scans: ClosedRange<Int> = 2...2, shift: Double = 0, width: Int = 6, places: inout [String: [Double]],
    using stream: inout RandomStream
  ) {
    for name in names {
      let place = places[name] ?? (0..<width).map { _ in stream.normal() }
      places[name] = place
      for _ in 0..<Int.random(in: scans, using: &stream) {
        rows.append(place.map { $0 + 0.5 * stream.normal() + shift })
        patients.append(name)
      }
    }
  }
}

/// Two scanners that don't differ, in ways that a test can trip over.
private enum Design: String, CaseIterable {
  case twoScansEach = "15 and 15 patients, two scans each"
  case unequal = "24 and 7 patients, one to five scans each"
  case shared = "eight of 16 and 14 patients on both scanners"
  case few = "six and five patients"
  case wide = "24 and 24 patients, 64 features"

  func distance(trial: Int, draws: Int) throws -> ProxyADistance {
    var stream = RandomStream(seed: UInt64(trial), purpose: "proxy \(rawValue)")
    var places: [String: [Double]] = [:]
    let (first, second): (Range<Int>, Range<Int>) =
      switch self {
      case .twoScansEach: (0..<15, 15..<30)
      case .unequal: (0..<24, 24..<31)
      case .shared: (0..<16, 8..<22)
      case .few: (0..<6, 6..<11)
      case .wide: (0..<24, 24..<48)
      }
    let clouds = [first, second].map { range in
      Cloud(
        range.map { "patient \($0)" }, scans: self == .unequal ? 1...5 : 2...2, width: self == .wide ? 64 : 6, places: &places,
        using: &stream)
    }
    return try #require(
      ProxyADistance(
        clouds[0].rows, patients: clouds[0].patients, clouds[1].rows, patients: clouds[1].patients, draws: draws, seed: UInt64(trial)))
  }
}

@Suite("Proxy A-distance")
struct ProxyADistanceTests {
  @Test(
    "The held-out error is scikit-learn's ridge regression's on the same folds", arguments: [(40, 30, 0.225), (23, 31, 0.5084151472650771)])
  func golden(first: Int, second: Int, expected: Double) throws {
    // As `rows` in tools/golden/diagnosis.py.
    func rows(_ count: Int, _ phase: Double) -> [[Double]] {
      (0..<count).map { i in
        (0..<5).map { j in
          let wave = sin(1.3 * Double(i) + 0.7 * Double(j * j) + phase)
          let beat = 0.5 * cos(0.37 * Double(i) * Double(j + 1))
          return wave + beat + 0.1 * phase * Double(j)
        }
      }
    }
    let all = rows(first, 0) + rows(second, 1)
    let found = FoldedClassifiers(all, foldOf: all.indices.map { $0 % 5 }).error(all.indices.map { $0 >= first })
    #expect(abs(try #require(found) - expected) < 1e-12)
  }

  @Test("A shift is told apart nearly perfectly, also with patients on both scanners")
  func shift() throws {
    var stream = RandomStream(seed: 2, purpose: "proxy")
    for overlap in [0, 10] {
      var places: [String: [Double]] = [:]
      let one = Cloud((0..<20).map { "\($0)" }, places: &places, using: &stream)
      let far = Cloud(((20 - overlap)..<(40 - overlap)).map { "\($0)" }, shift: 3, places: &places, using: &stream)
      let found = try #require(ProxyADistance(one.rows, patients: one.patients, far.rows, patients: far.patients))
      #expect(found.distance > 1.8 && found.tellsApart && found.chance! < 1 && found.pValue == 1 / 200)
      #expect(abs(found.distance - 2 * (1 - 2 * found.error)) < 1e-12)
    }
  }

  @Test("With four patients of one scanner there is none; without draws there is a distance and no p-value")
  func absent() throws {
    var stream = RandomStream(seed: 3, purpose: "proxy")
    var places: [String: [Double]] = [:]
    let one = Cloud((0..<6).map { "\($0)" }, places: &places, using: &stream)
    let four = Cloud((6..<10).map { "\($0)" }, places: &places, using: &stream)
    #expect(ProxyADistance(one.rows, patients: one.patients, four.rows, patients: four.patients) == nil)
    let five = Cloud((6..<11).map { "\($0)" }, places: &places, using: &stream)
    let found = try #require(ProxyADistance(one.rows, patients: one.patients, five.rows, patients: five.patients, draws: 0))
    #expect(found.pValue == nil && found.chance == nil && !found.tellsApart)
  }

  @Test("Of long series every patient stays, with as many scans on either scanner: as cut to ten of each before")
  func longSeries() throws {
    var stream = RandomStream(seed: 5, purpose: "proxy")
    var places: [String: [Double]] = [:]
    let clouds = [
      Cloud((0..<20).map { "\($0)" }, scans: 50...50, places: &places, using: &stream),
      Cloud((20..<60).map { "\($0)" }, scans: 30...30, shift: 0.3, places: &places, using: &stream),
    ]
    func distance(_ most: Int) throws -> ProxyADistance {
      let kept = clouds.map { cloud in
        cloud.patients.indices.filter { index in cloud.patients[..<index].count { $0 == cloud.patients[index] } < most }
      }
      return try #require(
        ProxyADistance(
          kept[0].map { clouds[0].rows[$0] }, patients: kept[0].map { clouds[0].patients[$0] }, kept[1].map { clouds[1].rows[$0] },
          patients: kept[1].map { clouds[1].patients[$0] }, draws: 19))
    }
    #expect(try distance(50) == distance(10))
    #expect(try distance(50) != distance(9))
  }

  @Test("Scanners that don't differ are told apart in 5 % of cohorts at most", arguments: Design.allCases.map(\.rawValue))
  func rate(_ name: String) throws {
    let design = try #require(Design(rawValue: name))
    let isLong = ProcessInfo.processInfo.environment["SCANADAPT_ALL"] != nil
    let (cohorts, draws) = isLong ? (1000, 199) : (design == .wide ? 60 : 200, 39)
    let alarms = try (0..<cohorts).count { try design.distance(trial: $0, draws: draws).tellsApart }
    if isLong { print("\(name): \(alarms) of \(cohorts)") }
    // Three standard deviations of a binomial.
    let mean = 0.05 * Double(cohorts)
    #expect(Double(alarms) <= mean + 3 * (0.95 * mean).squareRoot(), "\(alarms) of \(cohorts)")
  }
}
