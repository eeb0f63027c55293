import Foundation

/// Tests of a table of counts, for tables of independent people.
package enum ContingencyTests {
  /// Pearson's statistic against expected counts; cells with nothing expected don't count.
  package static func chiSquared(_ observed: [[Double]], expected: [[Double]]) -> Double {
    zip(observed, expected).reduce(0) { sum, rows in
      zip(rows.0, rows.1).reduce(sum) { $1.1 > 0 ? $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / $1.1 : $0 }
    }
  }

  /// Counts expected from the margins alone.
  package static func expected(_ observed: [[Double]]) -> [[Double]] {
    let rows = observed.map { $0.reduce(0, +) }
    let columns = observed.first.map { first in first.indices.map { column in observed.reduce(0) { $0 + $1[column] } } } ?? []
    let total = rows.reduce(0, +)
    return rows.map { row in columns.map { total > 0 ? row * $0 / total : 0 } }
  }

  /// The chance of a chi-squared variable above `value`: the regularized upper incomplete gamma function Q(d/2, x/2), by its series or
  /// its continued fraction (Press et al., Numerical Recipes, section 6.2).
  package static func chiSquaredTail(_ value: Double, degreesOfFreedom: Int) -> Double? {
    guard degreesOfFreedom > 0 else { return nil }
    let (a, x) = (Double(degreesOfFreedom) / 2, value / 2)
    guard x > 0 else { return 1 }
    let front = exp(-x + a * log(x) - lgamma(a))
    if x < a + 1 {
      var (term, sum, n) = (1 / a, 1 / a, a)
      while abs(term) > abs(sum) * 1e-16 {
        n += 1
        term *= x / n
        sum += term
      }
      return 1 - sum * front
    }
    var b = x + 1 - a
    var c = 1 / 1e-300
    var d = 1 / b
    var h = d
    for i in 1...10_000 {
      let an = -Double(i) * (Double(i) - a)
      b += 2
      d = 1 / nonzero(an * d + b)
      c = nonzero(b + an / c)
      h *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return front * h
  }

  private static func nonzero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }

  /// Fisher's exact test of a 2×2 table, two-sided: all tables with these margins that are no likelier than this one.
  package static func fisher(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
    let (row, column, total) = (a + b, a + c, a + b + c + d)
    func logChance(_ x: Int) -> Double { logChoose(row, x) + logChoose(total - row, column - x) - logChoose(total, column) }
    let own = logChance(a)
    let possible = max(0, row + column - total)...min(row, column)
    // As SciPy: a relative tolerance of 1e-7 for tables as likely as this one.
    return min(1, possible.reduce(0) { logChance($1) <= own + 1e-7 ? $0 + exp(logChance($1)) : $0 })
  }

  /// The chance that a class's patients all come from one scanner if scanners were dealt at random.
  package static func chanceOfOneColumn(members: Int, columns: [Int]) -> Double {
    let total = columns.reduce(0, +)
    return columns.reduce(0) { $1 >= members ? $0 + exp(logChoose($1, members) - logChoose(total, members)) : $0 }
  }

  private static func logChoose(_ n: Int, _ k: Int) -> Double { lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1) }
}
