/// Separable resampling, columns first: the tall pass then runs along rows, eight columns to a vector, and the wide pass runs
/// on what is left, eight rows to a vector. Sums are in Float, taps in order, so the bits don't depend on anything else.
extension Plane {
  func resized(toWidth newWidth: Int, height newHeight: Int, filter: ResamplingFilter) -> Plane {
    precondition(newWidth > 0 && newHeight > 0, "an image cannot be resized to \(newWidth)x\(newHeight)")
    let shorter =
      newHeight == height
      ? self : resizedVertically(with: ResamplingWeights(from: height, to: newHeight, filter: filter))
    return newWidth == width
      ? shorter : shorter.resizedHorizontally(with: ResamplingWeights(from: width, to: newWidth, filter: filter))
  }

  private func resizedVertically(with plan: ResamplingWeights) -> Plane {
    let newHeight = plan.starts.count
    let result = values.withUnsafeBufferPointer { source in
      plan.weights.withUnsafeBufferPointer { weights in
        [Float](unsafeUninitializedCapacity: width * newHeight) { out, count in
          for y in 0..<newHeight {
            verticalRow(
              out.baseAddress! + y * width, from: source.baseAddress! + plan.starts[y] * width,
              weights: weights.baseAddress! + y * plan.stride, taps: plan.lengths[y])
          }
          count = width * newHeight
        }
      }
    }
    return Plane(width: width, height: newHeight, values: result)
  }

  /// out[x] = sum over k of weights[k] * source[k, x]; overwrites one row.
  private func verticalRow(
    _ out: UnsafeMutablePointer<Float>, from source: UnsafePointer<Float>, weights: UnsafePointer<Float>, taps: Int
  ) {
    var x = 0
    while x + 16 <= width {
      var first = SIMD8<Float>.zero
      var second = SIMD8<Float>.zero
      for tap in 0..<taps {
        let row = UnsafeRawPointer(source + tap * width + x)
        first += weights[tap] * row.loadUnaligned(as: SIMD8<Float>.self)
        second += weights[tap] * row.loadUnaligned(fromByteOffset: 32, as: SIMD8<Float>.self)
      }
      UnsafeMutableRawPointer(out + x).storeBytes(of: first, as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(out + x + 8).storeBytes(of: second, as: SIMD8<Float>.self)
      x += 16
    }
    while x < width {
      var sum: Float = 0
      for tap in 0..<taps { sum += weights[tap] * source[tap * width + x] }
      out[x] = sum
      x += 1
    }
  }

  private func resizedHorizontally(with plan: ResamplingWeights) -> Plane {
    let newWidth = plan.starts.count
    var columns = [SIMD8<Float>](repeating: .zero, count: width)
    let result = values.withUnsafeBufferPointer { source in
      plan.weights.withUnsafeBufferPointer { weights in
        columns.withUnsafeMutableBufferPointer { columns in
          [Float](unsafeUninitializedCapacity: newWidth * height) { out, count in
            for top in stride(from: 0, to: height, by: 8) {
              gather(columns, rowsFrom: top, of: source)
              for x in 0..<newWidth {
                var sum = SIMD8<Float>.zero
                let run = columns.baseAddress! + plan.starts[x]
                let taps = weights.baseAddress! + x * plan.stride
                for tap in 0..<plan.lengths[x] { sum += taps[tap] * run[tap] }
                for row in 0..<min(8, height - top) { out[(top + row) * newWidth + x] = sum[row] }
              }
            }
            count = newWidth * height
          }
        }
      }
    }
    return Plane(width: newWidth, height: height, values: result)
  }

  /// columns[x] = rows top ... top + 7 at column x; the last row stands in for rows below the image.
  private func gather(_ columns: UnsafeMutableBufferPointer<SIMD8<Float>>, rowsFrom top: Int, of source: UnsafeBufferPointer<Float>) {
    let base = source.baseAddress!
    func row(_ offset: Int) -> UnsafePointer<Float> { base + min(top + offset, height - 1) * width }
    let (r0, r1, r2, r3, r4, r5, r6, r7) = (row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7))
    for x in 0..<width { columns[x] = SIMD8(r0[x], r1[x], r2[x], r3[x], r4[x], r5[x], r6[x], r7[x]) }
  }
}

extension GrayImage {
  /// Resampled and rounded back to whole samples of the same depth.
  public func resized(toWidth newWidth: Int, height newHeight: Int, filter: ResamplingFilter = .bilinear) -> GrayImage {
    let plane = Plane(width: width, height: height, samples: samples).resized(toWidth: newWidth, height: newHeight, filter: filter)
    // Weights are not negative, so truncating after adding one half rounds.
    let rounded = plane.values.map { UInt16(min($0, Float(fullScale)) + 0.5) }
    return GrayImage(width: newWidth, height: newHeight, bitDepth: bitDepth, samples: rounded)
  }
}
