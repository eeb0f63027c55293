/// The eigenvalues of a symmetric matrix: Householder's reduction to tridiagonal form, then the QL method with implicit shifts
/// (Golub and Van Loan, "Matrix Computations", 8.3).
package enum SymmetricEigenvalues {
  /// - Parameter matrix: full rows. Any order comes out.
  package static func of(_ matrix: [[Double]]) -> [Double] {
    var none: [[Double]] = []
    return of(matrix, rotating: &none)
  }

  /// - Parameters:
  ///   - matrix: full rows. Any order comes out.
  ///   - vectors: each becomes its coordinates along the eigenvectors, in the order of the eigenvalues, which costs less than the
  ///     eigenvectors themselves.
  package static func of(_ matrix: [[Double]], rotating vectors: inout [[Double]]) -> [Double] {
    guard matrix.count > 1 else { return matrix.first ?? [] }
    var (diagonal, beside) = tridiagonal(matrix, rotating: &vectors)
    let count = diagonal.count
    beside.append(0)
    for low in 0..<count {
      var rounds = 0
      while rounds < 200 {
        var high = low
        while high < count - 1 {
          let scale = abs(diagonal[high]) + abs(diagonal[high + 1])
          if abs(beside[high]) <= 1e-15 * scale { break }
          high += 1
        }
        if high == low { break }
        rounds += 1
        var g = (diagonal[low + 1] - diagonal[low]) / (2 * beside[low])
        var r = (g * g + 1).squareRoot()
        g = diagonal[high] - diagonal[low] + beside[low] / (g + (g < 0 ? -r : r))
        var (s, c, p) = (1.0, 1.0, 0.0)
        var index = high - 1
        var ended = false
        while index >= low {
          var f = s * beside[index]
          let b = c * beside[index]
          r = (f * f + g * g).squareRoot()
          beside[index + 1] = r
          if r == 0 {
            diagonal[index + 1] -= p
            beside[high] = 0
            ended = true
            break
          }
          s = f / r
          c = g / r
          g = diagonal[index + 1] - p
          r = (diagonal[index] - g) * s + 2 * c * b
          p = s * r
          diagonal[index + 1] = g + p
          g = c * r - b
          for vector in vectors.indices {
            f = vectors[vector][index + 1]
            vectors[vector][index + 1] = s * vectors[vector][index] + c * f
            vectors[vector][index] = c * vectors[vector][index] - s * f
          }
          f = 0
          index -= 1
        }
        if ended { continue }
        diagonal[low] -= p
        beside[low] = g
        beside[high] = 0
      }
    }
    return diagonal
  }

  private static func tridiagonal(
    _ matrix: [[Double]], rotating vectors: inout [[Double]]
  ) -> (diagonal: [Double], beside: [Double]) {
    var a = matrix
    let count = a.count
    for k in 0..<(count - 2) {
      let norm = ((k + 1)..<count).reduce(0.0) { $0 + a[$1][k] * a[$1][k] }.squareRoot()
      guard norm > 0 else { continue }
      let alpha = a[k + 1][k] > 0 ? -norm : norm
      var v = [Double](repeating: 0, count: count)
      for i in (k + 1)..<count { v[i] = a[i][k] }
      v[k + 1] -= alpha
      let square = v.reduce(0) { $0 + $1 * $1 }
      guard square > 0 else { continue }
      for vector in vectors.indices {
        let share = 2 * dot(v, vectors[vector]) / square
        for i in (k + 1)..<count { vectors[vector][i] -= share * v[i] }
      }
      // A - v wᵀ - w vᵀ with w = p - (pᵀv / vᵀv) v, p = 2 A v / vᵀv.
      var p = [Double](repeating: 0, count: count)
      for i in k..<count {
        let row = a[i]
        var sum = 0.0
        for j in (k + 1)..<count { sum += row[j] * v[j] }
        p[i] = 2 * sum / square
      }
      let half = zip(p, v).reduce(0) { $0 + $1.0 * $1.1 } / square
      for i in k..<count { p[i] -= half * v[i] }
      for i in k..<count {
        let (vi, pi) = (v[i], p[i])
        for j in k..<count { a[i][j] -= vi * p[j] + pi * v[j] }
      }
    }
    return (a.indices.map { a[$0][$0] }, (1..<count).map { a[$0][$0 - 1] })
  }
}
