/// `A = L L'` of a symmetric positive definite matrix, of which the lower triangle is read.
package struct CholeskyFactor {
  /// Row by row; what lies above the diagonal is no part of it.
  private var lower: [Double]
  private let width: Int

  /// - Parameter matrix: row by row.
  /// - Returns: nil where a pivot vanishes beside the largest diagonal element: the matrix is singular to rounding.
  package init?(_ matrix: [Double], width: Int) {
    let least = 1e-13 * (0..<width).reduce(0) { max($0, matrix[$1 * width + $1]) }
    self.init(matrix, width: width) { $0 > least ? $0 : nil }
  }

  /// Of a matrix with a ridge, which keeps pivots above 0 but for rounding; one at or below 0 is taken as barely above.
  package init(ridged rows: [[Double]]) {
    self.init(rows.flatMap(\.self), width: rows.count) { max($0, 1e-300) }!
  }

  private init?(_ matrix: [Double], width: Int, pivot: (Double) -> Double?) {
    (lower, self.width) = (matrix, width)
    let isDefinite = lower.withUnsafeMutableBufferPointer { a in
      for i in 0..<width {
        for j in 0...i {
          var sum = a[i * width + j]
          for k in 0..<j { sum -= a[i * width + k] * a[j * width + k] }
          if i == j {
            guard let pivot = pivot(sum) else { return false }
            a[i * width + i] = pivot.squareRoot()
          } else {
            a[i * width + j] = sum / a[j * width + j]
          }
        }
      }
      return true
    }
    guard isDefinite else { return nil }
  }

  /// `x` of `A x = right`.
  package func solved(_ right: [Double]) -> [Double] {
    precondition(right.count == width, "\(right.count) numbers on the right of a matrix of width \(width)")
    var x = right
    lower.withUnsafeBufferPointer { a in
      for i in 0..<width {
        for k in 0..<i { x[i] -= a[i * width + k] * x[k] }
        x[i] /= a[i * width + i]
      }
      for i in (0..<width).reversed() {
        for k in (i + 1)..<max(width, i + 1) { x[i] -= a[k * width + i] * x[k] }
        x[i] /= a[i * width + i]
      }
    }
    return x
  }
}
