extension DecodedImage {
  /// Width, height and channels (UInt32 each, little-endian), then the samples: equal for files that show the same pixels, however they
  /// were written.
  ///
  /// Compression, filters, interlacing and metadata don't enter. Nor does what changes no pixel: a palette, an opaque alpha channel,
  /// equal color channels, depths below 8 bits (scaled up), and 16-bit samples that are 8-bit ones repeated (v · 257). Partial alpha
  /// stays: it is a channel more.
  package func comparableBytes() -> [UInt8] {
    let (planes, depth) = comparablePlanes()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(12 + planes.count * width * height * 2)
    for value in [width, height, planes.count] { withUnsafeBytes(of: UInt32(value).littleEndian) { bytes += $0 } }
    let isByteDoubled = depth == 16 && planes.allSatisfy { $0.allSatisfy { $0 % 257 == 0 } }
    if depth == 16, !isByteDoubled {
      for plane in planes { plane.withUnsafeBytes { bytes += $0 } }
    } else {
      let (factor, divisor): (UInt16, UInt16) = isByteDoubled ? (1, 257) : (UInt16(255 / ((1 << depth) - 1)), 1)
      for plane in planes {
        plane.withUnsafeBufferPointer { plane in bytes += plane.lazy.map { UInt8(truncatingIfNeeded: $0 / divisor * factor) } }
      }
    }
    return bytes
  }

  private func comparablePlanes() -> (planes: [[UInt16]], depth: Int) {
    if color == .gray, transparentKey == nil { return ([samples], bitDepth) }
    if let opaque = try? channelPlanes(.equalChannelsOnly, .opaqueOnly, keepingColor: true) { return (opaque.planes, opaque.bitDepth) }
    // Partly transparent, or a palette index without an entry: as stored.
    let channels = color.channels
    return ((0..<channels).map { channel in stride(from: channel, to: samples.count, by: channels).map { samples[$0] } }, bitDepth)
  }
}
