import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Tensors

/// What a stopped run needs to go on with the same bits: parameters and running statistics, the optimizer's state, the best weights so
/// far, and where it stood.
struct Checkpoint: Sendable {
  /// What trains in any phase, and every running statistic.
  var parameters: [ParameterID: Tensor]
  /// Nil at the beginning of a phase.
  var optimizer: OptimizerState?
  /// What trains, at early stopping's best epoch.
  var best: [ParameterID: Tensor]?
  var progress: TrainingProgress
  /// Each scanner's own gamma and beta, where scanners take turns.
  var turns: [TrainedSlice]?

  init(
    parameters: [ParameterID: Tensor], optimizer: OptimizerState?, best: [ParameterID: Tensor]?, progress: TrainingProgress,
    turns: [TrainedSlice]? = nil
  ) {
    self.turns = turns
    self.parameters = parameters
    self.optimizer = optimizer
    self.best = best
    self.progress = progress
  }

  /// - Parameter plan: what trains in any phase.
  init(
    _ state: borrowing TrainingState, plan: TrainablePlan, progress: TrainingProgress, best: [ParameterID: Tensor]?, turns: ScannerTurns?
  ) {
    self.init(
      parameters: Self.kept(state.parameters, plan), optimizer: state.optimizerState, best: best, progress: progress,
      turns: turns?.slices(in: state))
  }

  /// Between two phases.
  init(_ point: TrainingPoint, plan: TrainablePlan) {
    self.init(
      parameters: Self.kept(point.parameters, plan), optimizer: point.optimizer, best: point.best, progress: point.progress,
      turns: point.turns?.slices)
  }

  private static func kept(_ all: Parameters, _ plan: TrainablePlan) -> [ParameterID: Tensor] {
    let kept = all.declarations.filter { $0.role == .buffer || plan.trains($0.id) }.map(\.id)
    return Dictionary(uniqueKeysWithValues: kept.map { ($0, all[$0]) })
  }
}

/// A checkpoint's file: safetensors, written whole or not at all, bound to its run by a hash.
///
/// Keys: `parameters/<id>`, `optimizer/<slot>/<id>`, `best/<id>`, `scanner<number>.<slot>/<id>`. The metadata hold the format, the run's hash and the progress as JSON,
/// whose numbers read back to the same bits. Between two phases there is no optimizer state (since format 2).
public struct CheckpointFile: Sendable {
  /// A reader refuses a newer one.
  public static let format = 2

  public let path: String
  /// Of everything that decides the run's bits. A checkpoint of another run is refused.
  public let run: ContentHash
  /// Seconds between checkpoints at ends of epochs; without a clock each epoch's end saves one.
  public let interval: Double

  public init(path: String, run: ContentHash, interval: Double = 60) {
    self.path = path
    self.run = run
    self.interval = interval
  }

  func isDue(last: Double?, now: Double?) -> Bool {
    guard let last, let now else { return true }
    return now - last >= interval
  }

  func save(_ checkpoint: Checkpoint) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let progress = String(decoding: try encoder.encode(checkpoint.progress), as: UTF8.self)
    let optimizer = checkpoint.optimizer
    var writer = SafetensorsWriter(
      metadata: [("format", "\(Self.format)"), ("kind", "scanadapt checkpoint")]
        + (optimizer.map { [("optimizer_steps", "\($0.stepsTaken)")] } ?? []) + [("progress", progress), ("run", "\(run)")])
    func add(_ tensors: [ParameterID: Tensor], under prefix: String) {
      for (id, tensor) in tensors.sorted(by: { $0.key < $1.key }) { writer.add(tensor, as: "\(prefix)/\(id)") }
    }
    add(checkpoint.parameters, under: "parameters")
    for (slot, tensors) in (optimizer?.slots ?? [:]).sorted(by: { $0.key < $1.key }) { add(tensors, under: "optimizer/\(slot)") }
    if let best = checkpoint.best { add(best, under: "best") }
    for (number, slice) in (checkpoint.turns ?? []).enumerated() {
      add(slice.values, under: "scanner\(number).values")
      for (slot, tensors) in slice.slots.sorted(by: { $0.key < $1.key }) { add(tensors, under: "scanner\(number).\(slot)") }
    }
    try writer.write(to: path)
  }

  /// The checkpoint, or nil where there is none yet.
  /// - Throws: `CheckpointError` for one of another run, of a newer format, or damaged.
  func load() throws -> Checkpoint? {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(contentsOf: path) } catch let error as FileError where error.reason == .system(ENOENT) { return nil }
    guard file.metadata["kind"] == "scanadapt checkpoint" else { throw CheckpointError(path: path, reason: .notACheckpoint) }
    guard let format = file.metadata["format"].flatMap({ Int($0) }), format <= Self.format else {
      throw CheckpointError(path: path, reason: .newerFormat(found: file.metadata["format"] ?? "none", known: Self.format))
    }
    guard file.metadata["run"] == "\(run)" else { throw CheckpointError(path: path, reason: .otherRun) }
    guard let text = file.metadata["progress"], let progress = try? JSONDecoder().decode(TrainingProgress.self, from: Data(text.utf8))
    else { throw CheckpointError(path: path, reason: .notACheckpoint) }

    let steps = file.metadata["optimizer_steps"].flatMap { Int($0) }
    var checkpoint = Checkpoint(parameters: [:], optimizer: steps.map { OptimizerState(stepsTaken: $0) }, best: nil, progress: progress)
    var turns: [Int: TrainedSlice] = [:]
    for (key, stored) in file.tensors {
      let parts = key.split(separator: "/", maxSplits: 2).map(String.init)
      switch (parts.first, parts.count) {
      case ("parameters", 2): checkpoint.parameters[try id(parts[1])] = stored.decodedTensor()
      case ("optimizer", 3) where checkpoint.optimizer != nil:
        checkpoint.optimizer!.slots[parts[1], default: [:]][try id(parts[2])] = stored.decodedTensor()
      case ("best", 2): checkpoint.best = (checkpoint.best ?? [:]).merging([try id(parts[1]): stored.decodedTensor()]) { $1 }
      case (let scanner?, 2) where scanner.hasPrefix("scanner"):
        let place = scanner.dropFirst("scanner".count).split(separator: ".", maxSplits: 1)
        guard place.count == 2, let number = Int(place[0]) else { throw CheckpointError(path: path, reason: .unexpectedKey(key)) }
        let parameter = try id(parts[1])
        var slice = turns[number] ?? TrainedSlice(values: [:])
        if place[1] == "values" {
          slice.values[parameter] = stored.decodedTensor()
        } else {
          slice.slots[String(place[1]), default: [:]][parameter] = stored.decodedTensor()
        }
        turns[number] = slice
      default: throw CheckpointError(path: path, reason: .unexpectedKey(key))
      }
    }
    if !turns.isEmpty { checkpoint.turns = turns.sorted { $0.key < $1.key }.map(\.value) }
    return checkpoint
  }

  private func id(_ key: String) throws(CheckpointError) -> ParameterID {
    guard let dot = key.lastIndex(of: ".") else { throw CheckpointError(path: path, reason: .unexpectedKey(key)) }
    return ParameterID(path: String(key[..<dot]), field: String(key[key.index(after: dot)...]))
  }
}

/// Why a run can't go on from a file.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case notACheckpoint
    case newerFormat(found: String, known: Int)
    /// Of another model, other scans, or other settings.
    case otherRun
    case unexpectedKey(String)
  }

  public let path: String
  public let reason: Reason

  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .notACheckpoint: "\(path): found no checkpoint of ScanAdapt's in it; expected one"
    case .newerFormat(let found, let known): "\(path): found checkpoint format \(found); expected \(known) or older"
    case .otherRun:
      "\(path): found a checkpoint of a run with another model, other scans or other settings; expected this run's (remove it to start anew)"
    case .unexpectedKey(let key): "\(path): found '\(key)'; expected parameters, optimizer state and best weights"
    }
  }
}
