/// A block of Float32 values that starts on a 64-byte boundary and is freed with its last owner.
///
/// Values that hold it copy it before writing unless they own it alone (`isKnownUniquelyReferenced`).
public final class AlignedStorage: @unchecked Sendable {
  public let count: Int
  private let base: UnsafeMutableRawPointer

  /// Allocates `count` floats without giving them a value.
  public init(uninitializedCount count: Int) {
    self.count = count
    base = .allocate(byteCount: max(count, 16) * MemoryLayout<Float>.stride, alignment: 64)
    base.bindMemory(to: Float.self, capacity: max(count, 16))
  }

  public convenience init(repeating value: Float, count: Int) {
    self.init(uninitializedCount: count)
    pointer.update(repeating: value, count: count)
  }

  deinit { base.deallocate() }

  public var pointer: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }

  public var values: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  public func copy() -> AlignedStorage {
    let twin = AlignedStorage(uninitializedCount: count)
    twin.pointer.update(from: pointer, count: count)
    return twin
  }
}
