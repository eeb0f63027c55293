import CKernels
import Graphs
import Tensors

/// A batch of feature maps in the engine's own layout: NHWC, channels padded to a multiple of 8 with zeros.
///
/// A value that is never written after it is made; copies and `items` share storage. People and files see `Tensor` (NCHW) instead.
public struct FeatureMaps: Sendable {
  /// The number of images.
  public let count: Int
  /// The extents of each.
  public let shape: FeatureShape
  let storage: AlignedStorage
  let offset: Int

  init(count: Int, shape: FeatureShape, storage: AlignedStorage, offset: Int = 0) {
    self.count = count
    self.shape = shape
    self.storage = storage
    self.offset = offset
  }

  /// - Parameter tensor: `[N, C, H, W]`, or `[N, C]` for feature vectors.
  public init(_ tensor: Tensor) {
    precondition(tensor.shape.rank == 4 || tensor.shape.rank == 2, "\(tensor.shape) is neither [N, C, H, W] nor [N, C]")
    let extents = tensor.shape.dimensions
    let shape =
      extents.count == 4 ? FeatureShape(channels: extents[1], height: extents[2], width: extents[3]) : .vector(extents[1])
    let storage = AlignedStorage(uninitializedCount: extents[0] * shape.paddedCount)
    let map = sa_map(storage.pointer, count: extents[0], shape: shape)
    if extents[0] > 0 { tensor.withUnsafeBuffer { sa_from_nchw(map, $0.baseAddress!, nil) } }
    self.init(count: extents[0], shape: shape, storage: storage)
  }

  /// The same values as `[N, C, H, W]`; a vector is `[N, C, 1, 1]`.
  public var tensor: Tensor {
    Tensor(shape: [count, shape.channels, shape.height, shape.width]) { target in
      if count > 0 { sa_to_nchw(target.baseAddress!, sa_map(pointer, count: count, shape: shape), nil) }
    }
  }

  /// Each image's values in NCHW order: for vectors (logits, features) its channels.
  public var rows: [[Float]] {
    let all = tensor.values
    return (0..<count).map { Array(all[($0 * shape.count)..<(($0 + 1) * shape.count)]) }
  }

  /// Images `range`, sharing storage.
  public func items(_ range: Range<Int>) -> FeatureMaps {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "images \(range) of \(count)")
    return FeatureMaps(count: range.count, shape: shape, storage: storage, offset: offset + range.lowerBound * shape.paddedCount)
  }

  /// The images at `indices`, in that order, copied.
  public func items(at indices: [Int]) -> FeatureMaps {
    let target = AlignedStorage(uninitializedCount: indices.count * shape.paddedCount)
    for (position, index) in indices.enumerated() {
      precondition(index >= 0 && index < count, "image \(index) of \(count)")
      (target.pointer + position * shape.paddedCount).update(from: pointer + index * shape.paddedCount, count: shape.paddedCount)
    }
    return FeatureMaps(count: indices.count, shape: shape, storage: target)
  }

  /// One batch after the other; all of one shape, at least one.
  public static func joined(_ parts: [FeatureMaps]) -> FeatureMaps {
    precondition(!parts.isEmpty, "nothing to join")
    let shape = parts[0].shape
    let total = parts.map(\.count).reduce(0, +)
    let storage = AlignedStorage(uninitializedCount: total * shape.paddedCount)
    var position = 0
    for part in parts {
      precondition(part.shape == shape, "\(part.shape) joined to \(shape)")
      (storage.pointer + position).update(from: part.pointer, count: part.count * shape.paddedCount)
      position += part.count * shape.paddedCount
    }
    return FeatureMaps(count: total, shape: shape, storage: storage)
  }

  /// Bytes held for its images, padding included.
  public var byteCount: Int { count * shape.paddedCount * MemoryLayout<Float>.stride }

  var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }
}

extension FeatureMaps: Equatable {
  /// Bitwise over the values.
  public static func == (left: FeatureMaps, right: FeatureMaps) -> Bool {
    guard left.count == right.count, left.shape == right.shape else { return false }
    let total = left.count * left.shape.paddedCount
    return (0..<total).allSatisfy { left.pointer[$0].bitPattern == right.pointer[$0].bitPattern }
  }
}

extension FeatureShape {
  /// Floats from one pixel to the next in the engine's layout.
  package var pixelStride: Int { (channels + 7) / 8 * 8 }
  /// Floats of one image in the engine's layout.
  package var paddedCount: Int { pixels * pixelStride }
}

extension sa_map {
  init(_ pointer: UnsafeMutablePointer<Float>, count: Int, shape: FeatureShape) {
    self.init(data: pointer, n: count, h: shape.height, w: shape.width, c: shape.channels, pixel_stride: shape.pixelStride)
  }
}
