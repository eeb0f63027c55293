#if canImport(Glibc)
  import Glibc
  import Synchronization

  /// Memory of large blocks, kept by the process when they are freed, for the next ones.
  ///
  /// The system clears what it hands out: 0.2 s a GB, and on virtual machines up to 3 s, longer than a network takes to fill it with maps.
  /// Blocks of any sizes follow each other in the same memory: stretches are split at pages and joined again. Before more is asked of
  /// the system, at least as much that lies idle goes back, so that the process holds little more than was in use at once: rounding, and
  /// up to `leastMapping` that nobody had touched.
  ///
  /// Whole 2 MB pages are asked for: kernels step through maps a pixel at a time, and with 4 KB pages spend 1–3 % of a 1×1 convolution on
  /// address translation.
  enum RecycledMemory {
    /// Smaller blocks are the usual allocator's.
    static let leastBytes = 256 << 10
    private static let page = 4 << 10
    private static let hugePage = 2 << 20
    /// What is asked of the system at least; what nobody touches of it takes no memory.
    private static let leastMapping = 64 << 20

    /// What lies idle, by address; neighbours are joined.
    private static let idle = Mutex<[Range<UInt>]>([])

    static func take(byteCount: Int) -> UnsafeMutableRawPointer {
      let count = UInt(byteCount.roundedUp(to: page))
      return idle.withLock { idle in
        let fitting = idle.indices.filter { idle[$0].count >= count }
        if let best = fitting.min(by: { idle[$0].count < idle[$1].count }) { return carve(count, from: best, of: &idle) }
        release(atLeast: Int(count), of: &idle)
        let fresh = map(max(Int(count).roundedUp(to: hugePage), leastMapping))
        insert((fresh.lowerBound + count)..<fresh.upperBound, into: &idle)
        return UnsafeMutableRawPointer(bitPattern: fresh.lowerBound)!
      }
    }

    static func give(_ base: UnsafeMutableRawPointer, byteCount: Int) {
      let start = UInt(bitPattern: base)
      idle.withLock { insert(start..<(start + UInt(byteCount.roundedUp(to: page))), into: &$0) }
    }

    private static func carve(_ count: UInt, from index: Int, of idle: inout [Range<UInt>]) -> UnsafeMutableRawPointer {
      let stretch = idle[index]
      let rest = (stretch.lowerBound + count)..<stretch.upperBound
      if rest.isEmpty { idle.remove(at: index) } else { idle[index] = rest }
      return UnsafeMutableRawPointer(bitPattern: stretch.lowerBound)!
    }

    private static func insert(_ stretch: Range<UInt>, into idle: inout [Range<UInt>]) {
      guard !stretch.isEmpty else { return }
      var (low, high) = (0, idle.count)
      while low < high {
        let middle = (low + high) / 2
        if idle[middle].lowerBound < stretch.lowerBound { low = middle + 1 } else { high = middle }
      }
      var (joined, replaced) = (stretch, low..<low)
      if low < idle.count, idle[low].lowerBound == joined.upperBound {
        joined = joined.lowerBound..<idle[low].upperBound
        replaced = low..<(low + 1)
      }
      if low > 0, idle[low - 1].upperBound == joined.lowerBound {
        joined = idle[low - 1].lowerBound..<joined.upperBound
        replaced = (low - 1)..<replaced.upperBound
      }
      idle.replaceSubrange(replaced, with: CollectionOfOne(joined))
    }

    /// Gives idle whole 2 MB pages back to the system until they are as many bytes as asked for, or all.
    private static func release(atLeast count: Int, of idle: inout [Range<UInt>]) {
      var missing = count
      for stretch in idle.sorted(by: { $0.count > $1.count }) where missing > 0 {
        let first = Int(stretch.lowerBound).roundedUp(to: hugePage)
        let last = min(Int(stretch.upperBound) / hugePage * hugePage, first + missing.roundedUp(to: hugePage))
        guard first < last, munmap(UnsafeMutableRawPointer(bitPattern: first), last - first) == 0 else { continue }
        missing -= last - first
        let index = idle.firstIndex(of: stretch)!
        let ends = [stretch.lowerBound..<UInt(first), UInt(last)..<stretch.upperBound]
        idle.replaceSubrange(index...index, with: ends.filter { !$0.isEmpty })
      }
    }

    private static func map(_ count: Int) -> Range<UInt> {
      let reserved = count + hugePage
      guard let base = mmap(nil, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED else {
        fatalError("the system has no \(count) bytes left")
      }
      let start = Int(bitPattern: base)
      let first = start.roundedUp(to: hugePage)
      if first > start { munmap(base, first - start) }
      munmap(UnsafeMutableRawPointer(bitPattern: first + count), start + reserved - first - count)
      // Refusal costs speed, nothing else.
      madvise(UnsafeMutableRawPointer(bitPattern: first), count, Int32(MADV_HUGEPAGE))
      return UInt(first)..<UInt(first + count)
    }
  }

  extension Int {
    fileprivate func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
  }
#endif
