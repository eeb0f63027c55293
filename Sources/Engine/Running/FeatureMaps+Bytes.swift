import CKernels
import Graphs
import Tensors

extension FeatureMaps {
  /// Images one by one, each `[C, H, W]`, all of one shape; at least one.
  package init(images: [Tensor]) {
    precondition(!images.isEmpty && images[0].shape.rank == 3, "no images of shape [C, H, W]")
    let extents = images[0].shape.dimensions
    let shape = FeatureShape(channels: extents[0], height: extents[1], width: extents[2])
    self.init(uninitializedCount: images.count, shape: shape)
    for (index, image) in images.enumerated() {
      precondition(image.shape == images[0].shape, "\(image.shape) stacked on \(images[0].shape)")
      let map = sa_map(pointer + index * shape.paddedCount, count: 1, shape: shape)
      image.withUnsafeBuffer { sa_from_nchw(map, $0.baseAddress!, nil) }
    }
  }

  /// Images whose bytes, in the engine's layout, `fill` writes.
  package init<Failure: Error>(
    count: Int, shape: FeatureShape, filledBy fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    self.init(uninitializedCount: count, shape: shape)
    try fill(UnsafeMutableRawBufferPointer(start: pointer, count: byteCount))
  }

  /// All images' bytes in the engine's layout.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: pointer, count: byteCount))
  }
}
