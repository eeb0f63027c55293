import Cohorts
import Engine
import Foundation
import ModelFiles
import Synchronization

/// What a strategy costs, measured by doing a little of it.
public struct StrategyCost: Hashable, Sendable, Codable {
  /// Reading, statistics and frozen layers: everything that is done once for each scan.
  public var secondsPerScan: Double
  /// nil where nothing trains.
  public var secondsPerStep: Double?
  public var secondsPerPrediction: Double
  /// The largest resident memory of the process while it was measured; nil where the system doesn't tell.
  public var peakBytes: Int?
  /// What scans that are kept in memory take, each.
  public var bytesPerScan: Int

  /// Seconds of one fit on so many training scans, and of asking about so many others.
  public func seconds(scans: Int, predictions: Int, training: TrainingConfiguration?) -> Double {
    let once = secondsPerScan * Double(scans) + secondsPerPrediction * Double(predictions)
    guard let secondsPerStep, let training else { return once }
    let steps = (scans + training.batchSize - 1) / max(training.batchSize, 1) * training.epochs
    return once + secondsPerStep * Double(steps)
  }

  /// Bytes at so many scans, of which a quarter of the budget is kept at most.
  public func bytes(scans: Int, measuredScans: Int, budget: ComputeBudget) -> Int? {
    peakBytes.map { $0 + max(0, min(scans * bytesPerScan, budget.memory / 4) - measuredScans * bytesPerScan) }
  }
}

/// Measures a strategy on a few scans: the first steps of training, then a prediction. The clock comes from outside.
public struct CostMeasurement: Sendable {
  /// Enough for some full batches; more only takes longer.
  public var scans: Int
  public var steps: Int

  public init(scans: Int = 64, steps: Int = 6) {
    self.scans = scans
    self.steps = steps
  }

  /// A few of the scans, every class among them where the cohort has it: class by class in turn.
  public func sample(of training: TrainingScans) -> TrainingScans {
    let byClass = Dictionary(grouping: training.records) { $0.label ?? "" }.sorted { $0.key < $1.key }.map(\.value)
    var chosen: Set<ScanID> = []
    var turn = 0
    while chosen.count < min(scans, training.count) {
      for records in byClass where turn < records.count && chosen.count < scans { chosen.insert(records[turn].id) }
      turn += 1
    }
    return training.filtered { chosen.contains($0.id) }
  }

  public func measure(
    _ run: AdaptationRun, from source: Model, on sample: TrainingScans, loader: ScanLoader, seconds: @escaping @Sendable () -> Double
  ) throws -> StrategyCost {
    ProcessMemory.resetPeak()
    var run = run
    // Setting patients aside would only make the sample smaller.
    run.training.earlyStopping = nil
    run.training.epochs = max(run.training.epochs, steps + 1)
    let marks = Mutex<[Double]>([])
    let limit = steps
    let observer = TrainingObserver(
      report: { if case .step = $0 { marks.withLock { $0.append(seconds()) } } }, shouldStop: { marks.withLock { $0.count >= limit } },
      seconds: seconds)
    let began = seconds()
    var model = source
    do { model = try run.adapt(source, to: sample, loader: loader, observer: observer).model } catch is Interrupted {}
    let ended = seconds()
    let times = marks.withLock { $0 }
    let durations = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
    let step = durations.isEmpty ? nil : durations[durations.count / 2]
    let once = max((times.first ?? ended) - began - (step ?? 0), 0)

    let asked = Array(sample.records.prefix(16))
    let beforeAsking = seconds()
    _ = try Predictor(loader: loader, budget: run.budget).predict(model, on: asked, labels: .whereKnown)
    let perPrediction = (seconds() - beforeAsking) / Double(max(asked.count, 1))
    return StrategyCost(
      secondsPerScan: once / Double(max(sample.count, 1)), secondsPerStep: step, secondsPerPrediction: perPrediction,
      peakBytes: ProcessMemory.peakBytes, bytesPerScan: source.card.inputShape.count * MemoryLayout<Float>.stride)
  }
}

/// The process's resident memory as Linux tells it.
package enum ProcessMemory {
  package static var peakBytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// Best effort: where it isn't allowed, the peak is that of the whole process.
  package static func resetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }
}
