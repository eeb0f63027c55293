import Foundation

/// An area under the ROC curve, averaged over folds, with what each patient contributes to its variance.
///
/// Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 1997: structural components are summed within patients.
/// Where every scan is its own patient that is DeLong's variance. With several folds each fold's components count by `1/folds`, and all are
/// centred on the mean area, so that a fold with one patient of a class isn't taken for one without variance. A patient in folds of
/// several repetitions is one patient.
package struct ClusteredArea: Sendable {
  package let area: Double
  /// Sums of centred components over the scans of each side, by patient index.
  private let positive: [Double]
  private let negative: [Double]
  private let withPositives: Int
  private let withNegatives: Int
  private let patients: Int

  /// Of class 1; `nil` where no fold has both sides.
  init?(folds: [[Prediction]], patients: PatientTable) {
    self.init(folds.compactMap { StructuralComponents($0) }, patientCount: patients.ids.count, index: patients.index(of:))
  }

  /// - Parameter folds: of the same patients or of others; at least one.
  package init?(_ folds: [StructuralComponents]) {
    let ids = Set(folds.flatMap { $0.positivePatients + $0.negativePatients }).sorted()
    let index = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    self.init(folds, patientCount: ids.count) { index[$0]! }
  }

  private init?(_ folds: [StructuralComponents], patientCount: Int, index: (String) -> Int) {
    guard !folds.isEmpty else { return nil }
    let count = Double(folds.count)
    let mean = folds.reduce(0) { $0 + $1.area } / count
    var sums = (positive: [Double](repeating: 0, count: patientCount), negative: [Double](repeating: 0, count: patientCount))
    var present = (positive: Set<Int>(), negative: Set<Int>())
    for fold in folds {
      for (value, patient) in zip(fold.positive, fold.positivePatients) {
        let patient = index(patient)
        sums.positive[patient] += (value - mean) / (count * Double(fold.positive.count))
        present.positive.insert(patient)
      }
      for (value, patient) in zip(fold.negative, fold.negativePatients) {
        let patient = index(patient)
        sums.negative[patient] += (value - mean) / (count * Double(fold.negative.count))
        present.negative.insert(patient)
      }
    }
    area = mean
    positive = sums.positive
    negative = sums.negative
    withPositives = present.positive.count
    withNegatives = present.negative.count
    patients = present.positive.union(present.negative).count
  }

  private init(difference candidate: ClusteredArea, _ reference: ClusteredArea) {
    area = candidate.area - reference.area
    positive = zip(candidate.positive, reference.positive).map { $0 - $1 }
    negative = zip(candidate.negative, reference.negative).map { $0 - $1 }
    withPositives = candidate.withPositives
    withNegatives = candidate.withNegatives
    patients = candidate.patients
  }

  package static func - (candidate: ClusteredArea, reference: ClusteredArea) -> ClusteredArea {
    precondition(candidate.positive.count == reference.positive.count, "areas over different patients")
    return ClusteredArea(difference: candidate, reference)
  }

  /// The variance, with Welch's degrees of freedom of its two sides; `nil` with fewer than two patients on a side.
  package var variance: (value: Double, degreesOfFreedom: Double)? {
    guard withPositives > 1, withNegatives > 1 else { return nil }
    let first = Double(withPositives - 1)
    let second = Double(withNegatives - 1)
    let positivePart = (first + 1) / first * positive.reduce(0) { $0 + $1 * $1 }
    let negativePart = (second + 1) / second * negative.reduce(0) { $0 + $1 * $1 }
    let cross = 2 * zip(positive, negative).reduce(0) { $0 + $1.0 * $1.1 }
    let sides = positivePart + negativePart
    guard sides > 0 else { return (0, first + second) }
    let freedom = sides * sides / (positivePart * positivePart / first + negativePart * negativePart / second)
    return (max(0, sides + Double(patients) / Double(patients - 1) * cross), freedom)
  }

  /// Of an area, symmetric on the logit scale. Where the area is 0 or 1, or shows no variance, Wilson's interval of as many
  /// observations as the rarer side has patients (compare Obuchowski and Lieber, Academic Radiology 2002).
  func logitInterval(level: Double) -> Interval? {
    guard let (variance, freedom) = variance else { return nil }
    guard variance > 0, area > 0, area < 1 else {
      return wilson(
        area, count: Double(min(withPositives, withNegatives)), quantile: NormalDistribution.quantile((1 + level) / 2), level: level)
    }
    let centre = log(area / (1 - area))
    let reach = StudentDistribution(degreesOfFreedom: freedom).quantile((1 + level) / 2) * variance.squareRoot() / (area * (1 - area))
    func inverse(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    return Interval(lower: inverse(centre - reach), upper: inverse(centre + reach), level: level)
  }
}
