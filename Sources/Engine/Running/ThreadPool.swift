import CKernels
import Foundation
import Synchronization

/// A crew of threads that kernels share; one for each count in the process, used by one caller at a time.
final class ThreadPool: @unchecked Sendable {
  let threads: Int
  private let pool: OpaquePointer?
  private let turn = NSLock()

  private static let crews = Mutex<[Int: ThreadPool]>([:])

  /// The process's pool of this many threads; all processors where nil.
  static func shared(threads: Int?) -> ThreadPool {
    let count = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    return crews.withLock { crews in
      if let known = crews[count] { return known }
      let crew = ThreadPool(threads: count)
      crews[count] = crew
      return crew
    }
  }

  /// Where the system refuses threads, the caller's own does all the work.
  private init(threads: Int) {
    self.threads = threads
    pool = threads > 1 ? sa_pool_create(Int32(threads)) : nil
  }

  func withPool<Result, Failure: Error>(_ body: (OpaquePointer?) throws(Failure) -> Result) throws(Failure) -> Result {
    turn.lock()
    defer { turn.unlock() }
    return try body(pool)
  }
}
