import Foundation
import Synchronization

private let received = Atomic<Bool>(false)

/// SIGINT and SIGTERM as a question that runs ask at step boundaries: "should I stop?" A second signal ends the process at once.
enum StopSignal {
  static var isReceived: Bool { received.load(ordering: .relaxed) }

  static func install() {
    // Touched here so that the handler never initializes it.
    received.store(false, ordering: .relaxed)
    // A parent may have had them blocked, and a child inherits that.
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&numbers, number)
      signal(number) { _ in
        if received.exchange(true, ordering: .relaxed) { _exit(ExitStatus.stopped.rawValue) }
        let words: StaticString = "\nStopping at the next step; a checkpoint will be saved. Signal again to stop at once.\n"
        write(STDERR_FILENO, words.utf8Start, words.utf8CodeUnitCount)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
  }
}
