import Evaluation
import Foundation
import Testing

@Suite("Power laws")
struct PowerLawTests {
  /// Fixtures/golden/curves.json, written by tools/golden/curves.py with SciPy's least squares.
  struct Golden: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
      let sizes: [Double]
      let errors: [Double]
      let weights: [Double]
      let withFloor: Bool
      let floor: Double
      let scale: Double
      let rate: Double
      let residual: Double

      var testDescription: String { "sizes \(sizes), floor \(floor), rate \(rate)" }
    }

    let powerLaws: [Case]

    static let read = try! JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: URL(fileURLWithPath: #filePath + "/../../../../Fixtures/golden/curves.json").standardized))
  }

  @Test("The fit is SciPy's best of sixty bounded least-squares fits", arguments: Golden.read.powerLaws)
  func fit(golden: Golden.Case) throws {
    let law = try #require(PowerLaw(sizes: golden.sizes, errors: golden.errors, weights: golden.weights))
    #expect(law.form == (golden.withFloor ? .withFloor : .withoutFloor))
    var residual = 0.0
    for (size, (error, weight)) in zip(golden.sizes, zip(golden.errors, golden.weights)) {
      residual += weight * pow(law.error(at: size) - error, 2)
    }
    #expect(residual <= golden.residual * (1 + 1e-6) + 1e-9)
    for size in golden.sizes {
      let expected = golden.floor + golden.scale * pow(size, -golden.rate)
      #expect(abs(law.error(at: size) - expected) < 1e-4, "at \(size)")
    }
  }

  @Test("A curve without noise gives its three numbers back")
  func exact() throws {
    let sizes = [5.0, 10, 20, 40, 80]
    let law = try #require(PowerLaw(sizes: sizes, errors: sizes.map { 0.1 + 1.2 * pow($0, -0.5) }))
    #expect(abs(law.floor - 0.1) < 1e-6 && abs(law.scale - 1.2) < 1e-5 && abs(law.rate - 0.5) < 1e-5)
  }

  @Test("With fewer than four sizes the floor is taken as 0, and said so; with one there is no curve")
  func fewSizes() throws {
    let law = try #require(PowerLaw(sizes: [10, 20, 40], errors: [0.4, 0.3, 0.25]))
    #expect(law.form == .withoutFloor && law.floor == 0)
    #expect(PowerLaw(sizes: [10, 10], errors: [0.4, 0.3]) == nil)
  }

  @Test("A curve that rises is fitted by a flat one at its weighted mean")
  func rising() throws {
    let law = try #require(PowerLaw(sizes: [10, 20, 40, 80], errors: [0.1, 0.2, 0.3, 0.4], weights: [1, 1, 1, 3]))
    #expect(law.scale == 0 && abs(law.floor - 0.3) < 1e-12)
  }
}
