import Foundation
import Synchronization

/// Progress on stderr: one line that is redrawn on a terminal, a line per interval elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    var lastShown: ContinuousClock.Instant?
    var isDirty = false
  }

  private let isQuiet: Bool
  private let interval: Duration
  private let state = Mutex(State())

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    interval = Terminal.errorIsTerminal ? .milliseconds(100) : .seconds(10)
  }

  /// Shows `text` unless something was shown within the interval.
  func show(_ text: @autoclosure () -> String) {
    guard !isQuiet else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if let last = state.lastShown, now - last < interval { return }
      state.lastShown = now
      if Terminal.errorIsTerminal {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text().prefix(120))".utf8))
        state.isDirty = true
      } else {
        Terminal.note(text())
      }
    }
  }

  /// Clears the redrawn line, so that what follows starts at the margin.
  func clear() {
    state.withLock { state in
      if state.isDirty { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
      state.isDirty = false
    }
  }
}
