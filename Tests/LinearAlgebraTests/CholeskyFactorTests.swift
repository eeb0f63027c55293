import LinearAlgebra
import Testing

@Suite("Cholesky's factor")
struct CholeskyFactorTests {
  /// With integers throughout: L is [2; 6 1; -8 5 3], so that A x = b holds exactly for x = (1, -2, 3).
  private static let matrix: [Double] = [4, 12, -16, 12, 37, -43, -16, -43, 98]
  private static let right: [Double] = [-68, -191, 364]

  @Test("Solves the system exactly where everything is a whole number, whichever way it was made")
  func solves() throws {
    let strict = try #require(CholeskyFactor(Self.matrix, width: 3))
    #expect(strict.solved(Self.right) == [1, -2, 3])
    let rows = (0..<3).map { Array(Self.matrix[$0 * 3..<$0 * 3 + 3]) }
    #expect(CholeskyFactor(ridged: rows).solved(Self.right) == [1, -2, 3])
  }

  @Test("Only the lower triangle is read")
  func lowerOnly() throws {
    var matrix = Self.matrix
    for (row, column) in [(0, 1), (0, 2), (1, 2)] { matrix[row * 3 + column] = .nan }
    #expect(try #require(CholeskyFactor(matrix, width: 3)).solved(Self.right) == [1, -2, 3])
  }

  @Test("A singular matrix, and an indefinite one, have none")
  func singular() {
    #expect(CholeskyFactor([1, 2, 2, 4], width: 2) == nil)
    #expect(CholeskyFactor([1, 2, 2, 1], width: 2) == nil)
  }
}
