import Foundation

/// The results of some work on each item, in the items' order, made by threads that run ahead of the consumer but never further than a
/// stated number of results. One consumer; going away stops the workers.
final class Prefetching<Item: Sendable, Output: Sendable>: Sequence, IteratorProtocol {
  private let shared: SharedState<Item, Output>
  private var position = 0

  init(_ items: [Item], workers: Int, ahead: Int, _ work: @escaping @Sendable (Item) -> Output) {
    precondition(workers >= 1 && ahead >= 1, "prefetching needs a worker and room for one result")
    let shared = SharedState<Item, Output>(items, ahead: ahead)
    self.shared = shared
    for _ in 0..<Swift.min(workers, items.count) {
      let thread = Thread { shared.run(work) }
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  deinit { shared.stop() }

  func next() -> Output? {
    guard position < shared.items.count else { return nil }
    defer { position += 1 }
    return shared.take(position)
  }
}

private final class SharedState<Item: Sendable, Output: Sendable>: @unchecked Sendable {
  let items: [Item]
  private let ahead: Int
  // Guards everything below; Foundation's condition because Swift's Mutex cannot be waited on.
  private let condition = NSCondition()
  private var claimed = 0
  private var consumed = 0
  private var isStopped = false
  private var ready: [Int: Output] = [:]

  init(_ items: [Item], ahead: Int) {
    self.items = items
    self.ahead = ahead
  }

  func run(_ work: (Item) -> Output) {
    while let index = claim() {
      let output = work(items[index])
      condition.lock()
      ready[index] = output
      condition.broadcast()
      condition.unlock()
    }
  }

  private func claim() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopped, claimed < items.count, claimed >= consumed + ahead { condition.wait() }
    guard !isStopped, claimed < items.count else { return nil }
    defer { claimed += 1 }
    return claimed
  }

  func take(_ index: Int) -> Output {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let output = ready.removeValue(forKey: index) {
        consumed = index + 1
        condition.broadcast()
        return output
      }
      condition.wait()
    }
  }

  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }
}
