import Adaptation
import Cohorts
import Engine
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Synchronization
import Testing

@Suite struct PhaseTests {
  private let cohort: StripesCohort
  private let source: Model

  init() throws {
    cohort = try StripesCohort(patients: 10)
    source = try StripesCohort.model()
  }

  private func run(
    _ strategy: any AdaptationStrategy, _ configuration: TrainingConfiguration, threads: Int = 1, checkpoint: String? = nil,
    observer: TrainingObserver = TrainingObserver()
  ) throws -> AdaptationRun.Result {
    try AdaptationRun(strategy, training: configuration, budget: ComputeBudget(threads: threads))
      .adapt(source, to: cohort.training(), loader: StripesCohort.loader, checkpoint: checkpoint, observer: observer)
  }

  @Test("LP-FT's first phase is a linear probe: the backbone keeps its bits, the head gets the probe's")
  func probeFirst() throws {
    let file = cohort.folder + "/between.safetensors"
    // Three epochs of three steps, a warm-up epoch of six epochs among them by half.
    var configuration = TrainingConfiguration(
      epochs: 6, batchSize: 8, learningRate: 1e-3, schedule: LearningRateSchedule(.cosine(), warmUpEpochs: 1))
    let stop = StopAfter(9)
    let interruption = #expect(throws: Interrupted.self) {
      try run(LPFT(probeShare: 0.5, probeRate: 10), configuration, checkpoint: file, observer: TrainingObserver(shouldStop: { stop.isDue }))
    }
    #expect(interruption?.epoch == 3 && interruption?.step == 0)
    let between = try SafetensorsFile(contentsOf: file).tensors.filter { $0.key.hasPrefix("parameters/") }
    configuration.epochs = 3
    configuration.learningRate *= 10
    configuration.schedule.warmUpEpochs = 0.5
    let probe = try run(LinearProbe(), configuration).model.parameters
    #expect(between.count == probe.ids.count)
    for id in probe.ids {
      let value = try #require(between["parameters/\(id)"]).decodedTensor()
      #expect(value == probe[id], "\(id)")
      if !id.path.hasPrefix("fc"), probe.role(of: id) != .buffer { #expect(value == source.parameters[id], "\(id)") }
    }
    #expect(probe["fc", "weight"] != source.parameters["fc", "weight"])
  }

  @Test("A phase that trains the head alone keeps its features; what each phase did is reported")
  func reported() throws {
    let report = try run(LPFT(probeShare: 0.3), TrainingConfiguration(epochs: 10, batchSize: 8)).report
    #expect(report.phases.map(\.name) == ["head", "everything"])
    #expect(report.phases.map(\.inputs) == [.keptFeatures, .keptScans])
    #expect(report.phases.map(\.firstEpoch) == [0, 3] && report.phases.map(\.epochs) == [3, 7])
    // 64 features to 2 classes.
    #expect(report.phases.map(\.trainedParameters) == [130, source.graph.parameterCounts.trainable])
    #expect(report.trainedParameters == source.graph.parameterCounts.trainable)
  }

  @Test("A phase goes on from the best weights before it, and the best epoch of all phases is taken")
  func earlyStopping() throws {
    var configuration = TrainingConfiguration(epochs: 24, batchSize: 8, learningRate: 0.05, schedule: LearningRateSchedule(.constant))
    configuration.earlyStopping = EarlyStopping(patience: 2)
    let result = try run(LPFT(probeShare: 0.5, probeRate: 10), configuration)
    let probe = result.metrics.filter { $0.phase == "head" }
    #expect(probe.count < 12, "the probe stops early")
    #expect(result.metrics.first { $0.phase == "everything" }?.epoch == 12, "the next phase has its own epochs")
    let best = result.metrics.min { $0.validationLoss! < $1.validationLoss! }
    #expect(result.report.chosenEpoch == best?.epoch)
    #expect(result.report.phases.map(\.epochs) == [probe.count, result.metrics.count - probe.count])
  }

  @Test("Fewer epochs than phases are an error before the first step")
  func tooFewEpochs() throws {
    #expect(throws: TrainingError.setting(name: "epochs", found: "1", expected: "2 or more, one for each phase of the strategy")) {
      try run(LPFT(), TrainingConfiguration(epochs: 1, schedule: LearningRateSchedule(.constant)))
    }
  }

  @Test(
    "A run stopped in each of its phases, and between them, ends with the bits of an uninterrupted one",
    arguments: ["lp-ft", "gradual-unfreezing:phases=3", "gradual-unfreezing:phases=3,source=stored"],
    [false, true])
  func resume(specification: String, stopsEarly: Bool) throws {
    var configuration = TrainingConfiguration(epochs: 6, batchSize: 4, learningRate: 1e-2, labelSmoothing: 0.1, seed: 11)
    configuration.optimizer.startingPointPenalty = 2
    if stopsEarly { configuration.earlyStopping = EarlyStopping(patience: 2) }
    let strategy = try StrategyCatalogue.strategy(specified: specification)
    let whole = try run(strategy, configuration)

    let file = cohort.folder + "/checkpoint-\(specification.count)-\(stopsEarly).safetensors"
    var stopped: Set<String> = []
    var resumed: AdaptationRun.Result?
    while resumed == nil {
      // Three steps are less than an epoch; each fourth stop falls on the same step of one.
      let stop = StopAfter(3)
      let phase = Mutex("")
      let observer = TrainingObserver(
        report: { if case .phase(let name, _, _, _) = $0 { phase.withLock { $0 = name } } }, shouldStop: { stop.isDue })
      do {
        resumed = try run(strategy, configuration, threads: 2, checkpoint: file, observer: observer)
      } catch is Interrupted { stopped.insert(phase.withLock { $0 }) }
    }
    #expect(stopped == Set(whole.report.phases.map(\.name)))
    #expect(resumed!.model.parameters.fingerprint == whole.model.parameters.fingerprint)
    #expect(resumed!.metrics == whole.metrics)
    #expect(resumed!.report.chosenEpoch == whole.report.chosenEpoch)
  }
}

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
