import LinearAlgebra
import RandomStreams

/// How well a linear classifier tells two scanners' feature vectors apart on patients it wasn't fitted on: `2 (1 - 2 err)`, 0 not at all,
/// 2 perfectly. Ben-David et al. 2007.
///
/// Folds are of whole patients, a patient seen on both scanners in one of them; the error is the mean of the two scanners'. The classifier
/// is ridge regression on ±1 with standardized features, in its dual form, its threshold midway between the training scores' means.
public struct ProxyADistance: Sendable, Hashable, Codable {
  public let distance: Double
  public let error: Double
  /// Of the distance, 95 % by patient.
  public let lower: Double
  public let upper: Double

  /// Whether the interval leaves out 0.
  public var tellsApart: Bool { lower > 0 }

  /// Scans of each scanner at most; of more, the first patients by random order.
  package static let limit = 400

  /// Nil with fewer than five patients of either.
  package init?(
    _ first: [[Double]], patients firstPatients: [String], _ second: [[Double]], patients secondPatients: [String], folds: Int = 5,
    seed: UInt64 = 0
  ) {
    guard Set(firstPatients).count >= 5, Set(secondPatients).count >= 5 else { return nil }
    var stream = RandomStream(seed: seed, purpose: "proxy A-distance folds")
    let order = Set(firstPatients + secondPatients).sorted().shuffled(using: &stream)
    let place = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    func kept(_ patients: [String]) -> [Int] {
      Array(patients.indices.sorted { (place[patients[$0]]!, $0) < (place[patients[$1]]!, $1) }.prefix(Self.limit))
    }
    let scans: [(features: [Double], patient: String, isSecond: Bool)] =
      kept(firstPatients).map { (first[$0], firstPatients[$0], false) }
      + kept(secondPatients).map { (second[$0], secondPatients[$0], true) }
    // Each scanner's patients are dealt out in turn, so that no fold lacks one.
    var foldOf: [String: Int] = [:]
    for group in [firstPatients, secondPatients] {
      for (index, patient) in order.filter(Set(group).contains).enumerated() where foldOf[patient] == nil {
        foldOf[patient] = index % folds
      }
    }
    var outcomes: [[Double]] = []
    var patients: [String] = []
    for fold in 0..<folds {
      let training = scans.filter { foldOf[$0.patient] != fold }
      guard let classifier = RidgeClassifier(training.map(\.features), isSecond: training.map(\.isSecond)) else { continue }
      for scan in scans where foldOf[scan.patient] == fold {
        let wrong = classifier.isSecond(scan.features) == scan.isSecond ? 0.0 : 1.0
        outcomes.append(scan.isSecond ? [0, 0, wrong, 1] : [wrong, 1, 0, 0])
        patients.append(scan.patient)
      }
    }
    guard outcomes.contains(where: { $0[1] > 0 }), outcomes.contains(where: { $0[3] > 0 }) else { return nil }
    func distance(_ means: [Double]) -> [Double] {
      let errors = [(means[0], means[1]), (means[2], means[3])].filter { $0.1 > 0 }.map { $0.0 / $0.1 }
      return [2 * (1 - 2 * errors.reduce(0, +) / Double(errors.count))]
    }
    let means = PatientMeans(outcomes, patients: patients)
    self.distance = distance(means.means)[0]
    error = (1 - self.distance / 2) / 2
    let interval = means.intervals(resamples: 500, seed: seed, of: distance)![0]
    (lower, upper) = (interval.lower, interval.upper)
  }
}

/// Least squares on ±1 with a ridge: `score(x) = sum_i alpha_i (x_i · x)`, `(K + lambda I) alpha = y`.
struct RidgeClassifier {
  private let centre: [Double]
  private let scale: [Double]
  private let weights: [Double]
  private let threshold: Double

  /// - Parameter strength: lambda over the mean of K's diagonal.
  /// Nil where one side has no scan.
  init?(_ rows: [[Double]], isSecond: [Bool], strength: Double = 0.1) {
    let second = Double(isSecond.count { $0 })
    let first = Double(rows.count) - second
    guard first > 0, second > 0 else { return nil }
    let width = rows[0].count
    var (centre, square) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    for row in rows { for index in 0..<width { centre[index] += row[index] / Double(rows.count) } }
    for row in rows { for index in 0..<width { square[index] += (row[index] - centre[index]) * (row[index] - centre[index]) } }
    let scale = square.map { $0 > 0 ? 1 / ($0 / Double(rows.count)).squareRoot() : 0 }
    let standardized = rows.map { row in (0..<width).map { (row[$0] - centre[$0]) * scale[$0] } }
    var kernel = standardized.map { left in standardized.map { dot(left, $0) } }
    let diagonal = kernel.indices.reduce(0) { $0 + kernel[$1][$1] } / Double(rows.count)
    for index in kernel.indices { kernel[index][index] += strength * diagonal + 1e-9 }
    // Both sides weigh the same, however many scans they have.
    let targets = isSecond.map { $0 ? first / Double(rows.count) : -second / Double(rows.count) }
    let dual = CholeskyFactor(ridged: kernel).solved(targets)
    var weights = [Double](repeating: 0, count: width)
    for (row, alpha) in zip(standardized, dual) { for index in 0..<width { weights[index] += alpha * row[index] } }
    var means = [0.0, 0.0]
    for (row, isSecond) in zip(standardized, isSecond) { means[isSecond ? 1 : 0] += dot(row, weights) / (isSecond ? second : first) }
    (self.centre, self.scale, self.weights, threshold) = (centre, scale, weights, (means[0] + means[1]) / 2)
  }

  func isSecond(_ row: [Double]) -> Bool {
    var score = 0.0
    for index in row.indices { score += weights[index] * (row[index] - centre[index]) * scale[index] }
    return score > threshold
  }
}
