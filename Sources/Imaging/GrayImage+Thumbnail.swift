extension GrayImage {
  /// A small 8-bit picture for people to look at: no side longer than `side`, the darkest and brightest half percent clipped.
  public func thumbnail(side: Int) -> GrayImage {
    let longest = max(width, height)
    let small =
      longest <= side
      ? self : resized(toWidth: max(width * side / longest, 1), height: max(height * side / longest, 1), filter: .area)
    let sorted = small.samples.sorted()
    let low = Double(sorted[sorted.count / 200])
    let high = Double(sorted[sorted.count - 1 - sorted.count / 200])
    let scale = high > low ? 255 / (high - low) : 0
    return GrayImage(
      width: small.width, height: small.height, bitDepth: 8,
      samples: small.samples.map { UInt16(min(max((Double($0) - low) * scale, 0), 255).rounded()) })
  }
}
