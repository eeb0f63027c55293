import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as a question that runs ask at step boundaries: "should I stop?" A second signal ends the process at once.
final class StopSignal: Sendable {
  static let shared = StopSignal()

  private let received = Atomic<Bool>(false)
  private let sources: [any DispatchSourceSignal]

  private init() {
    let queue = DispatchQueue(label: "signals")
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [self] in
        if received.exchange(true, ordering: .relaxed) { exit(ExitStatus.stopped.rawValue) }
        Terminal.note("Stopping at the next step; a checkpoint will be saved. Signal again to stop at once.")
      }
      source.resume()
    }
  }

  var isReceived: Bool { received.load(ordering: .relaxed) }
}
