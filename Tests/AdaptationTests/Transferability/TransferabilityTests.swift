import Adaptation
import Foundation
import Testing

@Suite("Transferability")
struct TransferabilityTests {
  /// Fixtures/golden/transferability.json, written by tools/golden/transferability.py with NumPy and SciPy.
  struct Golden: Decodable {
    struct Case: Decodable {
      let features: [[Float]]
      let labels: [Int]
      let probabilities: [[Double]]
      let logME: Double
      let hScore: Double
      let leep: Double
      /// The centred features span everything.
      let wide: Bool
    }

    let cases: [Case]

    static let read = try! JSONDecoder().decode(
      Golden.self,
      from: Data(contentsOf: URL(fileURLWithPath: #filePath + "/../../../../Fixtures/golden/transferability.json").standardized))
  }

  @Test("LogME is the maximum that a general optimizer finds of the dense evidence", arguments: Golden.read.cases.indices)
  func logME(index: Int) throws {
    let golden = Golden.read.cases[index]
    let score = try #require(LogME.score(features: golden.features, labels: golden.labels))
    #expect(abs(score - golden.logME) < 1e-6)
  }

  @Test("H-score is the trace of its definition, and has no answer where features span everything", arguments: Golden.read.cases.indices)
  func hScore(index: Int) throws {
    let golden = Golden.read.cases[index]
    let score = HScore.score(features: golden.features, labels: golden.labels)
    #expect((score == nil) == golden.wide)
    if let score { #expect(abs(score - golden.hScore) < 1e-6) }
  }

  @Test("LEEP is the average log of the labels' probabilities through the source's classes", arguments: Golden.read.cases.indices)
  func leep(index: Int) throws {
    let golden = Golden.read.cases[index]
    #expect(abs(try #require(LEEP.score(probabilities: golden.probabilities, labels: golden.labels)) - golden.leep) < 1e-12)
  }

  @Test("LogME doesn't depend on the order of scans, and has no answer for one class")
  func order() throws {
    let golden = Golden.read.cases[0]
    let turned = try #require(LogME.score(features: golden.features.reversed(), labels: golden.labels.reversed()))
    #expect(abs(turned - golden.logME) < 1e-6)
    #expect(LogME.score(features: golden.features, labels: golden.labels.map { _ in 1 }) == nil)
  }
}
