import Cohorts
import Engine
import Foundation
import ModelFiles
import Synchronization

/// What a strategy costs, measured by doing a little of it.
public struct StrategyCost: Hashable, Sendable, Codable {
  /// Reading, statistics and frozen layers: everything that isn't a step, shared out over the measured scans. What a run does once whatever
  /// its scans (compiling programs, merging) is in it too, which makes many scans look dearer than they are.
  public var secondsPerScan: Double
  /// Of the fastest step measured, since a machine's other work only adds: the mean over the phases by their epochs; nil where nothing
  /// trains.
  public var secondsPerStep: Double?
  public var secondsPerPrediction: Double
  /// Of the look at its own answers that ends every epoch of a training without labels; nil for others.
  public var secondsPerWatchedScan: Double?
  /// The largest resident memory of the process while it was measured; nil where the system doesn't tell.
  public var peakBytes: Int?
  /// What scans that are kept in memory take, each.
  public var bytesPerScan: Int

  /// Seconds of one fit on so many training scans, and of asking about so many others.
  public func seconds(scans: Int, predictions: Int, training: TrainingConfiguration?) -> Double {
    let once = secondsPerScan * Double(scans) + secondsPerPrediction * Double(predictions)
    guard let secondsPerStep, let training else { return once }
    let steps = (scans + training.batchSize - 1) / max(training.batchSize, 1) * training.epochs
    return once + secondsPerStep * Double(steps) + (secondsPerWatch(scans: scans) ?? 0) * Double(training.epochs)
  }

  /// Of each epoch, on so many training scans; nil where nothing is watched.
  public func secondsPerWatch(scans: Int) -> Double? { secondsPerWatchedScan.map { $0 * Double(min(scans, CollapseWatch.limit)) } }

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
    run.stepsPerPhase = steps
    // For each phase its epochs and when its steps ended; a training of one phase doesn't announce it.
    let phases = Mutex<[(epochs: Int, marks: [Double])]>([(1, [])])
    let watched = Mutex<(scans: Int, seconds: Double)>((0, 0))
    let observer = TrainingObserver(
      report: { event in
        if case .watched(let scans, let seconds?) = event { watched.withLock { $0 = ($0.scans + scans, $0.seconds + seconds) } }
        phases.withLock { phases in
          switch event {
          case .phase(_, number: 0, of: _, let epochs): phases[0].epochs = epochs
          case .phase(_, number: _, of: _, let epochs): phases.append((epochs, []))
          case .step: phases[phases.count - 1].marks.append(seconds())
          default: break
          }
        }
      }, seconds: seconds)
    let began = seconds()
    let model = try run.adapt(source, to: sample, loader: loader, observer: observer).model
    let whole = seconds() - began
    let measured = phases.withLock { $0 }.compactMap { epochs, marks -> (epochs: Double, step: Double, spent: Double)? in
      let fastest = zip(marks.dropFirst(), marks).map { $0 - $1 }.min()
      // The first step has no mark before it.
      return fastest.map { (Double(epochs), $0, marks.last! - marks[0] + $0) }
    }
    let epochs = measured.reduce(0) { $0 + $1.epochs }
    let step = measured.isEmpty ? nil : measured.reduce(0) { $0 + $1.epochs * $1.step } / epochs
    let watch = watched.withLock { $0 }
    let once = max(whole - measured.reduce(0) { $0 + $1.spent } - watch.seconds, 0)

    let asked = Array(sample.records.prefix(16))
    let beforeAsking = seconds()
    let predictor = Predictor(loader: loader, budget: run.budget)
    switch model.card.output {
    case .softmax: _ = try predictor.predict(model, on: asked, labels: .whereKnown)
    case .sigmoid: _ = try predictor.predictFindings(model, on: asked, labels: .whereKnown)
    }
    let perPrediction = (seconds() - beforeAsking) / Double(max(asked.count, 1))
    return StrategyCost(
      secondsPerScan: once / Double(max(sample.count, 1)), secondsPerStep: step, secondsPerPrediction: perPrediction,
      secondsPerWatchedScan: watch.scans > 0 ? watch.seconds / Double(watch.scans) : nil, peakBytes: ProcessMemory.peakBytes,
      bytesPerScan: source.card.inputShape.count * MemoryLayout<Float>.stride)
  }
}
