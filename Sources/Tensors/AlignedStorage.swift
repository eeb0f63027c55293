#if canImport(Glibc)
  import Glibc
#endif

/// A block of Float32 values that starts on a 64-byte boundary and is freed with its last owner.
///
/// Large blocks ask for 2 MB pages: kernels step through maps a pixel at a time, and with 4 KB pages spend 1–3 % of a 1×1 convolution on
/// address translation.
///
/// Values that hold it copy it before writing unless they own it alone (`isKnownUniquelyReferenced`).
public final class AlignedStorage: @unchecked Sendable {
  public let count: Int
  private let base: UnsafeMutableRawPointer
  private static let hugePage = 2 << 20

  /// Allocates `count` floats without giving them a value.
  public init(uninitializedCount count: Int) {
    self.count = count
    let byteCount = max(count, 16) * MemoryLayout<Float>.stride
    base = .allocate(byteCount: byteCount, alignment: byteCount < Self.hugePage ? 64 : Self.hugePage)
    #if os(Linux)
      // Whole pages only, so that nothing more becomes resident than was asked for. Refusal costs speed, nothing else.
      if byteCount >= Self.hugePage { madvise(base, byteCount / Self.hugePage * Self.hugePage, Int32(MADV_HUGEPAGE)) }
    #endif
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
