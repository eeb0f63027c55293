import Evaluation
import Normalization
import RandomStreams

/// Resamples of whole patients as a weight for each scan.
struct PatientWeights {
  /// Each scan's patient by number.
  private let owners: [Int]
  let patients: Int

  init(_ scans: [String]) {
    let sorted = Set(scans).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
    owners = scans.map { numbers[$0]! }
    patients = sorted.count
  }

  func drawn(_ resample: Int, seed: UInt64, purpose: String) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: purpose, epoch: resample)
    var counts = [Double](repeating: 0, count: patients)
    for _ in 0..<patients { counts[Int.random(in: 0..<patients, using: &stream)] += 1 }
    return owners.map { counts[$0] }
  }

  /// 95 % intervals of some statistics of weighted scans; nil with fewer than two patients.
  func resampled(_ count: Int, seed: UInt64, _ statistics: ([Double]) -> [Double]) -> [Interval]? {
    guard patients > 1 else { return nil }
    return Self.intervals(of: (0..<count).map { statistics(drawn($0, seed: seed, purpose: "patient weights")) })
  }

  static func intervals(of drawn: [[Double]]) -> [Interval]? {
    guard let first = drawn.first else { return nil }
    return first.indices.map { index in
      let values = drawn.map { $0[index] }
      return Interval(
        lower: PatientDraws.quantile(0.025, of: values), upper: PatientDraws.quantile(0.975, of: values), level: 0.95)
    }
  }
}
