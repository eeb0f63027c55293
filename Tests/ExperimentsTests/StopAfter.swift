import Synchronization

/// Says stop at the n-th question.
final class StopAfter: Sendable {
  private let left: Mutex<Int>

  init(_ questions: Int) { left = Mutex(questions) }

  var isDue: Bool {
    left.withLock {
      $0 -= 1
      return $0 < 0
    }
  }
}
