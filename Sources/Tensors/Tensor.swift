/// A dense Float32 array in row-major order: NCHW for images and feature maps, OIHW for convolution weights.
///
/// A value: copies share storage until one of them is written. This is the layout people and files see; the engine has
/// one of its own (`FeatureMaps`).
public struct Tensor: Sendable, Equatable {
  public private(set) var shape: Shape
  private var storage: AlignedStorage

  public init(shape: Shape, repeating value: Float = 0) {
    self.shape = shape
    storage = AlignedStorage(repeating: value, count: shape.count)
  }

  public init(shape: Shape, values: some Collection<Float>) {
    precondition(values.count == shape.count, "\(values.count) values do not fill \(shape)")
    self.shape = shape
    storage = AlignedStorage(uninitializedCount: shape.count)
    _ = storage.values.update(fromContentsOf: values)
  }

  /// Fills the tensor through a buffer that starts without values; every element must be written.
  public init(shape: Shape, initializedBy fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    self.shape = shape
    storage = AlignedStorage(uninitializedCount: shape.count)
    try fill(storage.values)
  }

  public var count: Int { shape.count }

  public var values: [Float] { withUnsafeBuffer { Array($0) } }

  public subscript(index: Int) -> Float {
    get { withUnsafeBuffer { $0[index] } }
    set { withUnsafeMutableBuffer { $0[index] = newValue } }
  }

  public func withUnsafeBuffer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(start: storage.pointer, count: count))
  }

  public mutating func withUnsafeMutableBuffer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    return try body(UnsafeMutableBufferPointer(start: storage.pointer, count: count))
  }

  /// The same values under another shape of equal count.
  public func reshaped(to newShape: Shape) -> Tensor {
    precondition(newShape.count == count, "\(shape) has \(count) values; \(newShape) needs \(newShape.count)")
    var result = self
    result.shape = newShape
    return result
  }

  /// Items `range` along the outermost axis, copied.
  public func items(_ range: Range<Int>) -> Tensor {
    let stride = shape[0] == 0 ? 0 : count / shape[0]
    return withUnsafeBuffer { all in
      Tensor(
        shape: Shape([range.count] + shape.dimensions.dropFirst()), values: all[(range.lowerBound * stride)..<(range.upperBound * stride)])
    }
  }

  /// Bitwise, so that a NaN equals itself and two zeros of different sign differ.
  public static func == (left: Tensor, right: Tensor) -> Bool {
    guard left.shape == right.shape else { return false }
    return left.withUnsafeBuffer { a in
      right.withUnsafeBuffer { b in zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern } }
    }
  }
}
