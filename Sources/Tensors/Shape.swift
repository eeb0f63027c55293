/// The extents of a tensor, outermost first: `[N, C, H, W]` for images, `[O, I, H, W]` for convolution weights.
public struct Shape: Hashable, Sendable, Codable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let dimensions: [Int]

  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "a shape has no negative extent: \(dimensions)")
    self.dimensions = dimensions
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public var rank: Int { dimensions.count }

  /// The number of elements; 1 for a scalar, whose shape is `[]`.
  public var count: Int { dimensions.reduce(1, *) }

  public subscript(axis: Int) -> Int { dimensions[axis] }

  public var description: String { "[\(dimensions.map(String.init).joined(separator: ", "))]" }
}
