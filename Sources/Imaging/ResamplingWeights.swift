/// For each resized position along one axis: where its source run starts, how long it is, and the weights, which sum to 1.
///
/// Pillow's `precompute_coeffs`, in Double: filter support widened by the shrinking factor, runs clipped at the borders and
/// renormalized.
struct ResamplingWeights {
  private(set) var starts: [Int] = []
  private(set) var lengths: [Int] = []
  /// Run after run, `stride` apart.
  private(set) var weights: [Float]
  let stride: Int

  init(from sourceLength: Int, to length: Int, filter: ResamplingFilter) {
    let scale = Double(sourceLength) / Double(length)
    let widening = max(scale, 1)
    let support = filter.support * widening
    stride = Int(support.rounded(.up)) * 2 + 1
    weights = Array(repeating: 0, count: length * stride)
    for position in 0..<length {
      let center = (Double(position) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), sourceLength)
      let run = (first..<end).map { filter.weight((Double($0) - center + 0.5) / widening) }
      let total = run.reduce(0, +)
      for (offset, weight) in run.enumerated() { weights[position * stride + offset] = Float(total == 0 ? weight : weight / total) }
      starts.append(first)
      lengths.append(run.count)
    }
  }
}

extension ResamplingFilter {
  fileprivate var support: Double { self == .bilinear ? 1 : 0.5 }

  fileprivate func weight(_ distance: Double) -> Double {
    switch self {
    case .bilinear: max(0, 1 - abs(distance))
    case .area: distance > -0.5 && distance <= 0.5 ? 1 : 0
    }
  }
}
