import Engine
import Graphs

/// Gamma and beta for instance normalization such that, over given scans, a channel's output has the mean and variance that it had
/// before the swap.
///
/// Before: `y = gamma (x - mu) / sqrt(var + eps) + beta` with stored `mu`, `var`; over the scans x has mean m and biased variance v, so y
/// has mean `M = gamma (m - mu) / sqrt(var + eps) + beta` and variance `V = gamma² v / (var + eps)`. After: each image i is brought to
/// mean 0 and variance `v_i / (v_i + eps)`, so with `w` the mean of those over images (all have equally many pixels) the output has mean
/// `beta'` and variance `gamma'² w`. Hence `beta' = M`, `gamma' = sign(gamma) sqrt(V / w)`.
///
/// The scans' own displacement from the stored statistics is kept by it: that is what "as before" says. Where the stored statistics are
/// right (`mu = m`, `var = v`), `beta' = beta` and `gamma'` differs from gamma by epsilon's share only.
struct AffineRematch {
  /// One channel of the network as it came: its stored statistics, and what the scans show there.
  struct Before {
    let gamma, beta, storedMean, storedVariance: Double
    let mean, variance: Double
  }

  let epsilon: Double

  /// - Parameter within: each image's biased variance at the channel, after everything above it was swapped.
  /// - Returns: gamma' is gamma where all images are constant there and nothing can be scaled.
  func rematched(_ before: Before, within: [Double]) -> (gamma: Double, beta: Double) {
    let inverse = 1 / (before.storedVariance + epsilon).squareRoot()
    let beta = before.gamma * (before.mean - before.storedMean) * inverse + before.beta
    let share = within.reduce(0) { $0 + $1 / ($1 + epsilon) } / Double(within.count)
    guard share > 0 else { return (before.gamma, beta) }
    return (before.gamma * inverse * (before.variance / share).squareRoot(), beta)
  }
}
