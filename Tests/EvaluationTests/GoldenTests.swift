import Evaluation
import Foundation
import Testing

/// Fixtures/golden/evaluation.json, written by tools/golden/evaluation.py with scikit-learn and SciPy.
struct Golden: Decodable {
  struct Cohort: Decodable {
    let patients: [Int]
    let labels: [Int]
    let probabilities: [[Double]]
    let values: [String: Double]

    var predictions: [Prediction] {
      patients.indices.map {
        Prediction(scan: "\($0)", patient: "\(patients[$0])", scanner: "A", label: labels[$0], probabilities: probabilities[$0])
      }
    }
  }

  struct Areas: Decodable {
    let patients: [Int]
    let labels: [Int]
    let first: [Double]
    let second: [Double]
    let areas: [Double]
    let delong: [[Double]]
    let obuchowski: [[Double]]

    func components(_ scores: [Double], _ names: [String]? = nil) -> StructuralComponents {
      StructuralComponents(scores: scores, isPositive: labels.map { $0 == 1 }, patients: names ?? patients.map(String.init))!
    }
  }

  struct Folds: Decodable {
    let differences: [Double]
    let share: Double
    let pValue: Double
  }

  struct BCa: Decodable {
    let errors: [Double]
    let lower: Double
    let upper: Double
  }

  let cohorts: [Cohort]
  let areas: Areas
  let normal: [[Double]]
  let student: [[Double]]
  let studentQuantile: [[Double]]
  let mcnemar: [[Double]]
  let folds: Folds
  let bca: BCa

  static func load() throws -> Golden { try decoded(Golden.self) }

  static func decoded<Content: Decodable>(_ content: Content.Type) throws -> Content {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(content, from: Data(contentsOf: root.appending(path: "Fixtures/golden/evaluation.json")))
  }
}

@Suite("Against scikit-learn and SciPy")
struct GoldenTests {
  let golden: Golden

  init() throws { golden = try Golden.load() }

  @Test("Every metric agrees to 1e-9, two to four classes, with ties")
  func metrics() throws {
    for cohort in golden.cohorts {
      for (name, expected) in cohort.values {
        let metric = try #require(Metric(name: name))
        #expect(metric.name == name)
        let value = try #require(metric.value(of: cohort.predictions))
        #expect(abs(value - expected) < 1e-9, "\(name): \(value), not \(expected)")
      }
    }
  }

  @Test("DeLong's and Obuchowski's covariances are those of their definitions, pair by pair")
  func areas() throws {
    let components = [golden.areas.components(golden.areas.first), golden.areas.components(golden.areas.second)]
    // Each scan its own patient: DeLong's.
    let scans = golden.areas.patients.indices.map(String.init)
    let alone = [golden.areas.components(golden.areas.first, scans), golden.areas.components(golden.areas.second, scans)]
    for row in 0..<2 {
      #expect(abs(components[row].area - golden.areas.areas[row]) < 1e-12)
      for column in 0..<2 {
        #expect(abs(try covariance(alone[row], alone[column]) - golden.areas.delong[row][column]) < 1e-12)
        #expect(abs(try covariance(components[row], components[column]) - golden.areas.obuchowski[row][column]) < 1e-12)
      }
    }
  }

  /// By polarization: half of what the variances have more than the difference's.
  private func covariance(_ first: StructuralComponents, _ second: StructuralComponents) throws -> Double {
    let (one, other) = (try #require(ClusteredArea([first])), try #require(ClusteredArea([second])))
    let variances = [one, other, one - other].map { $0.variance!.value }
    return (variances[0] + variances[1] - variances[2]) / 2
  }

  @Test("The normal and Student distributions agree to 1e-9")
  func distributions() {
    for row in golden.normal {
      #expect(abs(NormalDistribution.quantile(row[0]) - row[1]) < 1e-9)
      #expect(abs(NormalDistribution.cumulative(row[1]) - row[0]) < 1e-12)
    }
    for row in golden.student {
      let student = StudentDistribution(degreesOfFreedom: row[1])
      #expect(abs(student.cumulative(row[0]) - row[2]) < 1e-10)
      #expect(abs(student.twoSidedTail(row[0]) - row[3]) < 1e-10)
    }
    for row in golden.studentQuantile {
      #expect(abs(StudentDistribution(degreesOfFreedom: row[1]).quantile(row[0]) - row[2]) < 1e-8)
    }
  }

  @Test("McNemar's exact test is SciPy's binomial test")
  func mcnemar() {
    for row in golden.mcnemar {
      #expect(abs(McNemar(onlyCandidate: Int(row[0]), onlyReference: Int(row[1])).pValue - row[2]) < 1e-9)
    }
  }

  @Test("The corrected resampled t test has SciPy's p value for its corrected statistic")
  func folds() throws {
    let comparison = try #require(FoldComparison(differences: golden.folds.differences, testShare: golden.folds.share))
    #expect(abs(comparison.pValue - golden.folds.pValue) < 1e-10)
    #expect(comparison.interval.lower < comparison.meanDifference && comparison.meanDifference < comparison.interval.upper)
  }

  @Test("A BCa interval of a mean is SciPy's, within the noise of drawing")
  func biasCorrectedAccelerated() throws {
    // The Brier score of one scan a patient, all of class 1, is a plain mean of the squared errors.
    let predictions = golden.bca.errors.enumerated().map { index, error in
      let probability = 1 - error.squareRoot()
      return Prediction(
        scan: "\(index)", patient: "\(index)", scanner: "A", label: 1, probabilities: [1 - probability, probability])
    }
    let bootstrap = PatientBootstrap(seed: 3, resamples: 40_000, method: .biasCorrectedAccelerated)
    let interval = try #require(bootstrap.estimate(.brier, of: predictions)?.interval)
    let width = golden.bca.upper - golden.bca.lower
    #expect(abs(interval.lower - golden.bca.lower) < 0.02 * width)
    #expect(abs(interval.upper - golden.bca.upper) < 0.02 * width)
  }
}
