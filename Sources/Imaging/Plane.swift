/// One channel as floats in the units of the stored samples: what resampling and cropping work on.
struct Plane: Sendable {
  let width: Int
  let height: Int
  let values: [Float]

  init(width: Int, height: Int, values: [Float]) {
    precondition(values.count == width * height, "\(values.count) values do not fill \(width)x\(height)")
    self.width = width
    self.height = height
    self.values = values
  }

  init(width: Int, height: Int, samples: [UInt16]) {
    let values = samples.withUnsafeBufferPointer { samples in
      [Float](unsafeUninitializedCapacity: samples.count) { values, count in
        for index in 0..<samples.count { values[index] = Float(samples[index]) }
        count = samples.count
      }
    }
    self.init(width: width, height: height, values: values)
  }

  /// The middle `width` x `height`; padded with 0 where the plane is smaller. Offsets round half to even, and the odd pixel of
  /// padding goes right and below, as in torchvision's `CenterCrop`.
  func centerCropped(toWidth newWidth: Int, height newHeight: Int) -> Plane {
    if newWidth == width && newHeight == height { return self }
    let (left, top) = (Plane.offset(width, newWidth), Plane.offset(height, newHeight))
    var cropped = [Float](repeating: 0, count: newWidth * newHeight)
    for y in max(0, -top)..<min(newHeight, height - top) {
      let columns = max(0, -left)..<min(newWidth, width - left)
      let source = (y + top) * width + left
      cropped.replaceSubrange(
        (y * newWidth + columns.lowerBound)..<(y * newWidth + columns.upperBound),
        with: values[(source + columns.lowerBound)..<(source + columns.upperBound)])
    }
    return Plane(width: newWidth, height: newHeight, values: cropped)
  }

  /// Where the crop starts in the source; negative by the padding before it.
  private static func offset(_ length: Int, _ cropped: Int) -> Int {
    if cropped > length { return -((cropped - length) / 2) }
    return Int((Double(length - cropped) / 2).rounded(.toNearestOrEven))
  }
}
