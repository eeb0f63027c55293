import LinearAlgebra
import RandomStreams

/// How far two sets of feature vectors lie apart as Gaussians: `|m1 - m2|² + tr(S1 + S2 - 2 (S1^½ S2 S1^½)^½)`.
///
/// The estimate from n vectors is too large by about c/n, so it is taken at several n (subsets of patients) and extrapolated to 1/n = 0
/// (Chong and Forsyth 2020, "Effectively unbiased FID"). At most `limit` vectors of each are used.
public struct FrechetDistance: Sendable, Hashable, Codable {
  /// From all vectors, biased upwards.
  public let plain: Double
  /// At 1/n = 0; may come out below 0 where there is no difference. Nil with fewer than eight patients of either.
  public let extrapolated: Double?
  /// `extrapolated` (else `plain`) over `tr(S1) + tr(S2)`: without the features' scale, so that networks can be compared.
  public let relative: Double

  package static let limit = 200

  /// - Parameters:
  ///   - first: feature vectors, one a scan; `firstPatients` says whose.
  package init?(
    _ first: [[Double]], patients firstPatients: [String], _ second: [[Double]], patients secondPatients: [String], seed: UInt64 = 0
  ) {
    var stream = RandomStream(seed: seed, purpose: "Fréchet subsets")
    func subset(_ patients: [String], _ size: Int) -> [Int] {
      let groups = Dictionary(grouping: patients.indices) { patients[$0] }
      var chosen: [Int] = []
      for patient in groups.keys.sorted().shuffled(using: &stream) {
        guard chosen.count < size else { break }
        chosen += groups[patient]!
      }
      return Array(chosen.prefix(size))
    }
    let one = subset(firstPatients, Self.limit)
    let other = subset(secondPatients, Self.limit)
    guard one.count > 1, other.count > 1 else { return nil }
    let (plain, trace) = Self.distance(one.map { first[$0] }, other.map { second[$0] })
    self.plain = plain
    var points: [(inverse: Double, distance: Double)] = [(Self.inverse(one.count, other.count), plain)]
    if Set(firstPatients).count >= 8, Set(secondPatients).count >= 8 {
      for share in [0.5, 0.6, 0.75] {
        for _ in 0..<3 {
          let part = subset(firstPatients, max(4, Int(share * Double(one.count))))
          let rest = subset(secondPatients, max(4, Int(share * Double(other.count))))
          points.append((Self.inverse(part.count, rest.count), Self.distance(part.map { first[$0] }, rest.map { second[$0] }).distance))
        }
      }
    }
    extrapolated = points.count > 1 ? Self.intercept(points) : nil
    relative = (extrapolated ?? plain) / max(trace, .leastNormalMagnitude)
  }

  private static func inverse(_ first: Int, _ second: Int) -> Double { (1 / Double(first) + 1 / Double(second)) / 2 }

  /// Of the least-squares line.
  private static func intercept(_ points: [(inverse: Double, distance: Double)]) -> Double {
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.inverse } / count
    let y = points.reduce(0) { $0 + $1.distance } / count
    let square = points.reduce(0) { $0 + ($1.inverse - x) * ($1.inverse - x) }
    guard square > 0 else { return y }
    return y - x * points.reduce(0) { $0 + ($1.inverse - x) * ($1.distance - y) } / square
  }

  /// The distance, and `tr(S1) + tr(S2)`. With centred rows `A / sqrt(n - 1)`, the last trace is the sum of the singular values of `A Bᵀ`,
  /// which needs no root of a covariance.
  package static func distance(_ first: [[Double]], _ second: [[Double]]) -> (distance: Double, trace: Double) {
    let (a, firstMean) = centred(first)
    let (b, secondMean) = centred(second)
    let shift = zip(firstMean, secondMean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let trace = (a + b).reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
    let cross = a.map { row in b.map { dot(row, $0) } }
    let columns = (0..<b.count).map { column in cross.map { $0[column] } }
    let gram = columns.map { left in columns.map { dot(left, $0) } }
    let values = SymmetricEigenvalues.of(gram)
    // Below this they are 0 but for rounding, whose root isn't small.
    let least = 1e-13 * (values.max() ?? 0)
    let root = values.reduce(0) { $0 + ($1 > least ? $1.squareRoot() : 0) }
    return (shift + trace - 2 * root, trace)
  }

  private static func centred(_ rows: [[Double]]) -> (rows: [[Double]], mean: [Double]) {
    var mean = [Double](repeating: 0, count: rows[0].count)
    for row in rows { for (index, value) in row.enumerated() { mean[index] += value / Double(rows.count) } }
    let scale = 1 / Double(rows.count - 1).squareRoot()
    return (rows.map { row in zip(row, mean).map { ($0 - $1) * scale } }, mean)
  }
}
