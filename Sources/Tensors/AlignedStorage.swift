/// A block of Float32 values that starts on a 64-byte boundary and is freed with its last owner.
///
/// Large blocks stand in `RecycledMemory`.
///
/// Values that hold it copy it before writing unless they own it alone (`isKnownUniquelyReferenced`).
public final class AlignedStorage: @unchecked Sendable {
  public let count: Int
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int

  /// Allocates `count` floats without giving them a value.
  public init(uninitializedCount count: Int) {
    self.count = count
    byteCount = max(count, 16) * MemoryLayout<Float>.stride
    #if canImport(Glibc)
      base =
        byteCount < RecycledMemory.leastBytes
        ? .allocate(byteCount: byteCount, alignment: 64) : RecycledMemory.take(byteCount: byteCount)
    #else
      base = .allocate(byteCount: byteCount, alignment: 64)
    #endif
    base.bindMemory(to: Float.self, capacity: max(count, 16))
  }

  public convenience init(repeating value: Float, count: Int) {
    self.init(uninitializedCount: count)
    pointer.update(repeating: value, count: count)
  }

  deinit {
    #if canImport(Glibc)
      if byteCount >= RecycledMemory.leastBytes { return RecycledMemory.give(base, byteCount: byteCount) }
    #endif
    base.deallocate()
  }

  public var pointer: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }

  public var values: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  public func copy() -> AlignedStorage {
    let twin = AlignedStorage(uninitializedCount: count)
    twin.pointer.update(from: pointer, count: count)
    return twin
  }
}
