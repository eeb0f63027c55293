import Graphs

/// Names one buffer of a program.
struct BufferID: Hashable, Sendable {
  let index: Int
}

/// A stretch of memory that steps read and write, before it has an address.
struct Buffer: Sendable {
  enum Home: Hashable, Sendable {
    /// In the program's arena, at an offset that liveness decides.
    case arena
    /// The caller's images or features, read only.
    case input(String)
    /// A result that leaves the program.
    case output(String)
  }

  let byteCount: Int
  let home: Home
  /// Read after the last step: moments that are reported, a loss.
  var livesToEnd = false
}

/// Where a batch of feature maps is: a whole buffer, or a slice of channels in a wider one (a concatenation without copies).
struct MapReference: Hashable, Sendable {
  let buffer: BufferID
  let shape: FeatureShape
  /// Floats from one pixel to the next, at least the padded channels.
  let pixelStride: Int
  /// The first channel's place within a pixel.
  let channelOffset: Int

  init(_ buffer: BufferID, _ shape: FeatureShape, pixelStride: Int? = nil, channelOffset: Int = 0) {
    self.buffer = buffer
    self.shape = shape
    self.pixelStride = pixelStride ?? shape.pixelStride
    self.channelOffset = channelOffset
  }

  /// The blocks of eight channels it covers, within its buffer.
  var blocks: Range<Int> { (channelOffset / 8)..<((channelOffset + shape.pixelStride) / 8) }

  func channels(_ first: Int, _ count: Int) -> MapReference {
    MapReference(
      buffer, FeatureShape(channels: count, height: shape.height, width: shape.width), pixelStride: pixelStride,
      channelOffset: channelOffset + first)
  }

  /// The same place in another buffer of the same layout (a value's gradient beside the value).
  func moved(to other: BufferID) -> MapReference {
    MapReference(other, shape, pixelStride: pixelStride, channelOffset: channelOffset)
  }

  /// Bytes that a kernel moves when it reads or writes it once.
  func byteCount(images: Int) -> Double { Double(images * shape.paddedCount * MemoryLayout<Float>.stride) }
}

/// Per-image channel moments in a buffer: means [n, c], then sums of squared deviations [n, c], in Double.
struct MomentsReference: Hashable, Sendable {
  let buffer: BufferID
  let channels: Int
}
