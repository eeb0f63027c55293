/// Where a strategy stands at one number of training patients that all of them were measured at.
public struct CurveRank: Hashable, Codable, Sendable {
  public let strategy: String
  public let size: Int
  public let error: Double
  /// The share of resamples of patients and training subsets in which no other strategy errs less.
  public let shareBest: Double
  /// Its error minus that of the first in the ranking, in the same resamples; for the first itself, minus that of the second.
  public let difference: Double
  public let differenceInterval: Interval
}

/// One strategy's error minus another's at one number of training patients.
public struct SizeDifference: Hashable, Codable, Sendable {
  public let size: Int
  public let reference: String
  public let candidate: String
  /// Candidate minus reference: below 0 the candidate errs less.
  public let difference: Double
  public let standardError: Double
  public let interval: Interval
}

extension ResampledCurves {
  /// The sizes that every one of these strategies was measured at.
  public func commonSizes(_ names: [String]) -> [Int] {
    guard let first = names.first else { return [] }
    return sizes[index(first)].filter { size in names.allSatisfy { sizes[index($0)].contains(size) } }
  }

  /// As measured; `nil` where one of the two wasn't measured at that size.
  public func difference(of candidate: String, from reference: String, at size: Int) -> SizeDifference? {
    guard let first = cell(candidate, size), let second = cell(reference, size) else { return nil }
    let resamples = zip(first.resampled, second.resampled).map { $0 - $1 }
    return SizeDifference(
      size: size, reference: reference, candidate: candidate, difference: first.value - second.value,
      standardError: Self.deviation(resamples), interval: interval(resamples))
  }

  /// The strategies measured at that size, least error first; of equals the earlier stays first.
  public func ranking(at size: Int) -> [CurveRank] {
    let measured = strategies.compactMap { name in cell(name, size).map { (name: name, cell: $0) } }
    let sorted = measured.enumerated().sorted { ($0.element.cell.value, $0.offset) < ($1.element.cell.value, $1.offset) }.map(\.element)
    var wins = [Double](repeating: 0, count: sorted.count)
    for resample in 0..<bootstrap.resamples {
      let least = sorted.map { $0.cell.resampled[resample] }.min()!
      let winners = sorted.indices.filter { sorted[$0].cell.resampled[resample] == least }
      for winner in winners { wins[winner] += 1 / Double(winners.count) }
    }
    return sorted.indices.map { place in
      let other = place == 0 ? min(1, sorted.count - 1) : 0
      let difference = difference(of: sorted[place].name, from: sorted[other].name, at: size)!
      return CurveRank(
        strategy: sorted[place].name, size: size, error: sorted[place].cell.value,
        shareBest: wins[place] / Double(bootstrap.resamples), difference: difference.difference, differenceInterval: difference.interval)
    }
  }

  func cell(_ strategy: String, _ size: Int) -> (value: Double, resampled: [Double])? {
    let own = index(strategy)
    return sizes[own].firstIndex(of: size).map { (values[own][$0], resampled[own][$0]) }
  }
}
