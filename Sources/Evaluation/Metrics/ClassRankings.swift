/// One fold's scans ranked for each class against the rest, and for each ordered pair of classes where that is asked for.
struct ClassRankings: Sendable {
  /// Class 1 of two, or every class of more.
  let oneVersusRest: [WeightedRanking]
  /// By each ordered pair (a, b): scans of both classes ranked by a's probability.
  let oneVersusOne: [WeightedRanking]

  init(_ labelled: [Prediction], patients: [Int], pairs: Bool) {
    let classCount = labelled.first?.probabilities.count ?? 0
    oneVersusRest = (classCount == 2 ? 1..<2 : 0..<classCount).map { index in
      WeightedRanking(scores: labelled.map { $0.probabilities[index] }, isPositive: labelled.map { $0.label == index }, patients: patients)
    }
    guard pairs else {
      oneVersusOne = []
      return
    }
    oneVersusOne = (0..<classCount).flatMap { first in
      (0..<classCount).filter { $0 != first }.map { second in
        let scans = labelled.indices.filter { labelled[$0].label == first || labelled[$0].label == second }
        return WeightedRanking(
          scores: scans.map { labelled[$0].probabilities[first] }, isPositive: scans.map { labelled[$0].label == first },
          patients: scans.map { patients[$0] })
      }
    }
  }

  func value(of metric: Metric, weights: [Double]) -> Double? {
    switch metric {
    case .averagePrecision: mean(oneVersusRest.compactMap { $0.averagePrecision(weights: weights) })
    case .aurocOneVersusOne:
      {
        let areas = oneVersusOne.map { $0.area(weights: weights) }
        return areas.contains(nil) ? nil : mean(areas.compactMap { $0 })
      }()
    default: mean(oneVersusRest.compactMap { $0.area(weights: weights) })
    }
  }

  private func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
}
