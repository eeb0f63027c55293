import Foundation

/// How the learning rate moves over a run: a linear warm-up, then a shape.
///
/// Evaluated at every step, from the step's number alone, so a resumed run continues on the same curve.
public struct LearningRateSchedule: Hashable, Sendable, Codable {
  /// How it moves after the warm-up.
  public enum Shape: Hashable, Sendable, Codable {
    case constant
    /// Half a cosine from the base rate to `finalShare` of it. Loshchilov and Hutter 2017.
    case cosine(finalShare: Double = 0)
    /// Multiplied by `factor` after every `epochs` epochs, counted from the first one, warm-up included.
    case step(epochs: Int, factor: Double = 0.1)
  }

  public var shape: Shape
  /// Epochs (fractions count) over which the rate rises linearly from near zero to the base rate.
  public var warmUpEpochs: Double

  public init(_ shape: Shape, warmUpEpochs: Double = 0) {
    precondition(warmUpEpochs >= 0, "a warm-up lasts \(warmUpEpochs) epochs")
    self.shape = shape
    self.warmUpEpochs = warmUpEpochs
  }

  /// The factor on the base rate at `step` (from 0) of a run of `epochs` epochs with `stepsPerEpoch` steps each.
  ///
  /// With w warm-up steps: `(step + 1) / w` below w; then the shape, a cosine over what is left.
  public func factor(atStep step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    let total = stepsPerEpoch * epochs
    let warmUp = min(Int((warmUpEpochs * Double(stepsPerEpoch)).rounded()), total)
    if step < warmUp { return Double(step + 1) / Double(warmUp) }
    switch shape {
    case .constant: return 1
    case .cosine(let finalShare):
      let progress = Double(step - warmUp) / Double(max(total - warmUp, 1))
      return finalShare + (1 - finalShare) * (1 + cos(.pi * progress)) / 2
    case .step(let every, let factor): return pow(factor, Double(step / stepsPerEpoch / max(every, 1)))
    }
  }
}
