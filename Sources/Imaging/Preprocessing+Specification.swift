extension Preprocessing: CustomStringConvertible {
  /// One line that says everything, in fixed order, and that `Preprocessing(specification:)` reads back:
  /// `gray=equal alpha=opaque resize=256 filter=bilinear crop=224x224 scale=unit channels=3 mean=0.485,… std=0.229,…`.
  public var description: String {
    let size =
      switch resize {
      case .none: "none"
      case .shortestSide(let side): "\(side)"
      case .exact(let width, let height): "\(width)x\(height)"
      }
    let crop = centerCrop.map { "\($0.width)x\($0.height)" } ?? "none"
    return "gray=\(grayConversion) alpha=\(alphaRule) resize=\(size) filter=\(filter) crop=\(crop) scale=\(scaling) "
      + "channels=\(channels) mean=\(listed(mean)) std=\(listed(standardDeviation))"
  }

  /// A key under which a prepared scan may be stored: equal for equal preprocessing, different when any pixel could differ.
  public var cacheKey: String { "preprocessing-1 \(description)" }

  private func listed(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
}
