/// p values of several comparisons, corrected for their number. A comparison without a p value counts for none.
public struct AdjustedPValues: Hashable, Codable, Sendable {
  /// Any false claim among all has at most the level's probability. Holm, "A simple sequentially rejective multiple test procedure",
  /// Scandinavian Journal of Statistics 1979.
  public let holm: [Double?]
  /// The expected share of false claims among the claims. Benjamini and Hochberg, "Controlling the false discovery rate", JRSS B 1995.
  public let benjaminiHochberg: [Double?]

  public init(_ raw: [Double?]) {
    let ascending = raw.indices.filter { raw[$0] != nil }.sorted { raw[$0]! < raw[$1]! }
    let count = Double(ascending.count)
    var holm = raw
    var largest = 0.0
    for (rank, index) in ascending.enumerated() {
      largest = max(largest, min(1, (count - Double(rank)) * raw[index]!))
      holm[index] = largest
    }
    var discovery = raw
    var smallest = 1.0
    for (rank, index) in ascending.enumerated().reversed() {
      smallest = min(smallest, count / Double(rank + 1) * raw[index]!)
      discovery[index] = smallest
    }
    self.holm = holm
    benjaminiHochberg = discovery
  }
}
