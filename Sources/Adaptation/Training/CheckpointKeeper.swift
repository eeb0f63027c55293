/// Saves a run's checkpoints when they are due, and knows the last good one.
final class CheckpointKeeper {
  let file: CheckpointFile
  private let observer: TrainingObserver
  private var lastSave: Double?
  /// Nil until there is one.
  private(set) var lastGood: String?

  init(_ file: CheckpointFile, observer: TrainingObserver) {
    self.file = file
    self.observer = observer
    lastSave = observer.seconds?()
  }

  func load() throws -> Checkpoint? {
    let saved = try file.load()
    if saved != nil { lastGood = file.path }
    return saved
  }

  func save(_ checkpoint: Checkpoint) throws { try file.save(checkpoint) }

  func saveIfDue(_ checkpoint: @autoclosure () -> Checkpoint) throws {
    let now = observer.seconds?()
    guard file.isDue(last: lastSave, now: now) else { return }
    try file.save(checkpoint())
    observer.report(.checkpoint(path: file.path))
    (lastSave, lastGood) = (now, file.path)
  }
}
