import Experiments
import Foundation
import Testing

@Suite("The shortcut probe's linear model")
struct RidgeLogisticTests {
  @Test("Probabilities are scikit-learn's; a column that doesn't vary takes no part")
  func golden() {
    // tools/golden/shortcut_probe.py, scikit-learn's LogisticRegression(C=1) after StandardScaler.
    let expected = [
      0.5983305530, 0.4618164857, 0.5383850774, 0.3885725409, 0.4803746333, 0.5509275352, 0.4365691654, 0.4928110046, 0.5862272408,
      0.4193534294, 0.5231469668, 0.5820428119, 0.4768538277, 0.5307324841, 0.4173967015, 0.4596881760, 0.5575352625, 0.4129474445,
      0.5081932250, 0.5760525179, 0.4494133062, 0.5085199050, 0.5854102958, 0.4586994090,
    ]
    let rows = (0..<24).map { index -> [Double] in
      let number = Double(index)
      return [sin(3 * number), Double((index * 7) % 11), 5, Double(index % 3) * 0.25 + cos(number)]
    }
    let model = RidgeLogistic(rows: rows, isPositive: (0..<24).map { ($0 * 5 + $0 / 4) % 3 == 0 })
    for (row, probability) in zip(rows, expected) { #expect(abs(model.probability(of: row) - probability) < 1e-8) }
  }
}
