/// How much each class counts in the loss.
public enum ClassWeighting: String, Hashable, Sendable, Codable, CaseIterable {
  /// Every scan counts the same.
  case none
  /// `n / (k n_c)` over the training patients' labelled scans, k the classes present (scikit-learn's "balanced"). An absent class gets 0:
  /// no target has it, and under label smoothing it doesn't pull.
  case balanced

  /// - Parameter counts: labelled training scans per class, in index order.
  func weights(for counts: [Int]) -> [Float]? {
    guard self == .balanced else { return nil }
    let total = Double(counts.reduce(0, +))
    let present = Double(counts.count { $0 > 0 })
    return counts.map { $0 == 0 ? 0 : Float(total / (present * Double($0))) }
  }
}
