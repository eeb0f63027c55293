import Tensors

/// A network's input, and what was decided about the image's channels on the way.
public struct PreparedImage: Sendable {
  /// `[C, H, W]`.
  public let tensor: Tensor
  /// Sorted.
  public let notes: [PixelNote]
}

extension Preprocessing {
  /// The network's input `[C, H, W]`.
  public func apply(to image: DecodedImage) throws(PixelError) -> Tensor { try prepare(image).tensor }

  /// The network's input, with notes on what was decided.
  public func prepare(_ image: DecodedImage) throws(PixelError) -> PreparedImage {
    let stored = try image.channelPlanes(grayConversion, alphaRule, keepingColor: channels == 3)
    let size = resizedSize(width: stored.width, height: stored.height)
    let planes = stored.planes.map { samples in
      let resized = Plane(width: stored.width, height: stored.height, samples: samples)
        .resized(toWidth: size.width, height: size.height, filter: filter)
      return centerCrop.map { resized.centerCropped(toWidth: $0.width, height: $0.height) } ?? resized
    }
    let map = try IntensityMap(scaling, of: planes, fullScale: Float((1 << stored.bitDepth) - 1))
    var notes = stored.notes
    if planes.count < channels { notes.insert(.grayReplicated) }
    return PreparedImage(tensor: standardized(planes, map), notes: notes.sorted())
  }

  private func standardized(_ planes: [Plane], _ map: IntensityMap) -> Tensor {
    let (width, height) = (planes[0].width, planes[0].height)
    return Tensor(shape: [channels, height, width]) { out in
      for channel in 0..<channels {
        let plane = planes[min(channel, planes.count - 1)]
        let target = UnsafeMutableBufferPointer(rebasing: out[(channel * width * height)..<((channel + 1) * width * height)])
        plane.values.withUnsafeBufferPointer {
          standardize(target, $0, map, mean: mean[channel], deviation: standardDeviation[channel])
        }
      }
    }
  }

  /// Divisions, not products with reciprocals: the bits of torchvision's `ToTensor` and `Normalize`.
  private func standardize(
    _ out: UnsafeMutableBufferPointer<Float>, _ values: UnsafeBufferPointer<Float>, _ map: IntensityMap, mean: Float, deviation: Float
  ) {
    let (shift, divisor) = (map.shift, map.divisor)
    if map.clamps {
      for index in 0..<values.count {
        let scaled = (values[index] - shift) / divisor
        let clamped = scaled < 0 ? 0 : (scaled > 1 ? 1 : scaled)
        out[index] = (clamped - mean) / deviation
      }
    } else {
      for index in 0..<values.count { out[index] = ((values[index] - shift) / divisor - mean) / deviation }
    }
  }
}
