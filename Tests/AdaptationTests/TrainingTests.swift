import Adaptation
import Cohorts
import Engine
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import RandomStreams
import Testing

@Suite struct TrainingTests {
  private let cohort: StripesCohort
  private let source: Model

  init() throws {
    cohort = try StripesCohort(patients: 10)
    source = try StripesCohort.model()
  }

  private func run(
    _ strategy: any AdaptationStrategy, _ configuration: TrainingConfiguration, threads: Int? = 1, memory: Int = 1 << 30,
    cached: Bool = false, checkpoint: String? = nil, observer: TrainingObserver = TrainingObserver()
  ) throws -> AdaptationRun.Result {
    let cache = cached ? try ScanCache(folder: cohort.folder + "/cache", limitBytes: 1 << 20) : nil
    return try AdaptationRun(strategy, training: configuration, budget: ComputeBudget(threads: threads, memory: memory))
      .adapt(
        source, to: cohort.training(), loader: ScanLoader(preprocessing: StripesCohort.preprocessing, cache: cache), checkpoint: checkpoint,
        observer: observer)
  }

  @Test("Kept features, kept scans and streamed scans train to the same bits")
  func cachingChangesNothing() throws {
    let configuration = TrainingConfiguration(epochs: 2, batchSize: 6, learningRate: 1e-2)
    // 20 scans of 16×16 in 8 padded channels are 160 KB; their features 5 KB.
    let features = try run(LinearProbe(), configuration)
    let streamed = try run(LinearProbe(), configuration, memory: 8 << 10)
    let spilled = try run(LinearProbe(), configuration, memory: 8 << 10, cached: true)
    #expect(features.report.inputs == .keptFeatures && streamed.report.inputs == .streamed)
    #expect(spilled.report.inputs == .spilledFeatures)
    #expect(spilled.model.parameters.fingerprint == features.model.parameters.fingerprint && spilled.metrics == features.metrics)
    #expect(features.model.parameters.fingerprint == streamed.model.parameters.fingerprint)
    #expect(features.metrics == streamed.metrics)
    let kept = try run(FullFineTuning(), configuration, memory: 400 << 10)
    let streamedFull = try run(FullFineTuning(), configuration, memory: 8 << 10)
    #expect(kept.report.inputs == .keptScans && streamedFull.report.inputs == .streamed)
    #expect(kept.model.parameters.fingerprint == streamedFull.model.parameters.fingerprint)
    // A stored-statistics BN-only run has a frozen convolution before what trains; one convolution is computed again in each step.
    for source in [NormalizationOperator.Source.batch, .stored] {
      let roomy = try run(NormalizationOnly(trainingSource: source), configuration)
      let narrow = try run(NormalizationOnly(trainingSource: source), configuration, memory: 8 << 10)
      #expect(roomy.report.inputs == .keptScans && narrow.report.inputs == .streamed)
      #expect(roomy.model.parameters.fingerprint == narrow.model.parameters.fingerprint)
    }
  }

  @Test("One and two threads give the same bits", arguments: ["linear-probe", "bn-only", "full"])
  func threads(name: String) throws {
    let strategy = try StrategyCatalogue.strategy(named: name)
    let configuration = TrainingConfiguration(epochs: 2, batchSize: 7, learningRate: 1e-2)
    let one = try run(strategy, configuration, threads: 1)
    let two = try run(strategy, configuration, threads: 2)
    #expect(one.model.parameters.fingerprint == two.model.parameters.fingerprint)
    #expect(one.metrics == two.metrics)
  }

  @Test(
    "A run stopped at random steps, again and again, ends with the bits of an uninterrupted one",
    arguments: [("full", true), ("bn-only", false), ("linear-probe", true)])
  func resume(name: String, augmented: Bool) throws {
    var configuration = TrainingConfiguration(epochs: 4, batchSize: 4, learningRate: 1e-2, labelSmoothing: 0.1, seed: 11)
    configuration.earlyStopping = EarlyStopping(patience: 3)
    if augmented { configuration.augmentation = Augmentation(horizontalFlip: true, intensityGain: 0.1) }
    if name == "full" { configuration.optimizer = Optimizer(.sgd(momentum: 0.9, weightDecay: 1e-3), clippingNorm: 1) }
    let strategy = try StrategyCatalogue.strategy(named: name)
    let whole = try run(strategy, configuration)

    let file = cohort.folder + "/checkpoint-\(name).safetensors"
    var chance = RandomStream(seed: 5, purpose: "interruptions", content: name)
    var interruptions = 0
    var resumed: AdaptationRun.Result?
    while resumed == nil {
      let stop = StopAfter(Int.random(in: 1...5, using: &chance))
      do {
        resumed = try run(strategy, configuration, threads: 2, checkpoint: file, observer: TrainingObserver(shouldStop: { stop.isDue }))
      } catch let interruption as Interrupted {
        #expect(interruption.checkpoint == file)
        interruptions += 1
      }
    }
    #expect(interruptions >= 2)
    #expect(resumed!.model.parameters.fingerprint == whole.model.parameters.fingerprint)
    #expect(resumed!.metrics == whole.metrics)
    #expect(resumed!.report.chosenEpoch == whole.report.chosenEpoch)
  }

  @Test("A checkpoint of other settings, a damaged one and a newer one are refused")
  func otherCheckpoints() throws {
    let file = cohort.folder + "/checkpoint.safetensors"
    let configuration = TrainingConfiguration(epochs: 1, batchSize: 8)
    _ = try run(LinearProbe(), configuration, checkpoint: file)
    var other = configuration
    other.seed = 99
    #expect(throws: CheckpointError(path: file, reason: .otherRun)) { try run(LinearProbe(), other, checkpoint: file) }
    let whole = try FileContents.read(file)
    try AtomicFile.write(Array(whole[..<(whole.count - 8)]), to: file)
    #expect(throws: SafetensorsError.self) { try run(LinearProbe(), configuration, checkpoint: file) }
  }

  @Test("A learning rate that blows up ends with an error naming the step and the last good checkpoint")
  func blowsUp() throws {
    let file = cohort.folder + "/blow.safetensors"
    let configuration = TrainingConfiguration(
      epochs: 30, batchSize: 8, optimizer: Optimizer(.sgd(momentum: 0.9)), learningRate: 1e18, schedule: LearningRateSchedule(.constant))
    let error = #expect(throws: TrainingError.self) { try run(FullFineTuning(), configuration, checkpoint: file) }
    guard case .notFinite(let step, _, _, let checkpoint)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(step > 0)
    if let checkpoint {
      #expect(try SafetensorsFile(contentsOf: checkpoint).tensors.values.allSatisfy { $0.decodedTensor().values.allSatisfy(\.isFinite) })
    }
  }

  @Test("The last batch is dropped where it would be a single scan under batch statistics, and only there")
  func lastBatch() throws {
    let configuration = TrainingConfiguration(epochs: 1, batchSize: 19)
    #expect(try run(NormalizationOnly(), configuration).report.droppedPerEpoch == 1)
    #expect(try run(LinearProbe(), configuration).report.droppedPerEpoch == 0)
    #expect(throws: TrainingError.batchOfOne(scans: 20, batchSize: 1)) {
      try run(NormalizationOnly(), TrainingConfiguration(epochs: 1, batchSize: 1))
    }
  }

  @Test("Training learns: a linear probe of stripes separates them, and the loss falls")
  func learns() throws {
    let result = try run(FullFineTuning(), TrainingConfiguration(epochs: 6, batchSize: 5, learningRate: 3e-3))
    #expect(result.metrics.last!.trainingLoss! < 0.5 * result.metrics[0].trainingLoss!)
    let predictions = try Predictor(loader: StripesCohort.loader).predict(result.model, on: cohort.cohort.records, withFeatures: true)
    #expect(predictions.predictions.filter { $0.decision == $0.label }.count >= 19)
    #expect(predictions.features?.count == 20 && predictions.features?[0].count == 64)
  }

  @Test("Early stopping ends before the last epoch and returns the best one's weights")
  func earlyStopping() throws {
    var configuration = TrainingConfiguration(epochs: 40, batchSize: 8, learningRate: 0.3, schedule: LearningRateSchedule(.constant))
    configuration.earlyStopping = EarlyStopping(patience: 2)
    let result = try run(LinearProbe(), configuration)
    let losses = result.metrics.map { $0.validationLoss! }
    #expect(result.report.chosenEpoch == losses.firstIndex(of: losses.min()!))
    #expect(result.metrics.filter { $0.isBest == true }.last?.epoch == result.report.chosenEpoch)
  }

  @Test("Patients who chose the epoch are in the model's card with those trained on")
  func earlyStoppingPatients() throws {
    var configuration = TrainingConfiguration(epochs: 1, batchSize: 8)
    configuration.earlyStopping = EarlyStopping()
    let names = Pseudonyms(key: [UInt8](repeating: 7, count: 16))
    let result = try AdaptationRun(LinearProbe(), training: configuration, pseudonyms: names)
      .adapt(source, to: cohort.training(), loader: StripesCohort.loader)
    #expect(result.report.patients == 8)
    #expect(result.model.card.fittedPatients.groups.map(\.hashes) == [PatientHashes(cohort.cohort.patients, names).hashes])
  }

  @Test("A validation loss that is no number is an error, never the best epoch")
  func validationNotFinite() throws {
    // The only step of an epoch starts from sound weights and leaves infinite ones.
    var configuration = TrainingConfiguration(
      epochs: 3, batchSize: 64, optimizer: Optimizer(.sgd(momentum: 0)), learningRate: 1e60, schedule: LearningRateSchedule(.constant))
    configuration.earlyStopping = EarlyStopping()
    #expect(throws: TrainingError.validationNotFinite(epoch: 0)) { try run(LinearProbe(), configuration) }
  }

  @Test("In a prediction a scan of another size fails alone, also as the first")
  func oddSize() throws {
    let odd = try StripesCohort(patients: 1, scansPerPatient: 1, scanner: "odd", size: 12)
    let predictor = Predictor(loader: StripesCohort.loader)
    let mixed = try predictor.predict(source, on: odd.cohort.records + cohort.cohort.records)
    #expect(mixed.unreadable.map(\.path) == odd.cohort.records.map(\.path))
    #expect(mixed.records == cohort.cohort.records)
    #expect(try mixed.logits == predictor.predict(source, on: cohort.cohort.records).logits)
  }

  @Test("L2-SP holds pretrained weights back, the more the larger its penalty, and lets a new head go where it will")
  func startingPoint() throws {
    func distance(_ penalty: Double?, head: HeadPolicy) throws -> (backbone: Double, report: AdaptationReport) {
      var configuration = TrainingConfiguration(epochs: 6, batchSize: 8, learningRate: 1e-2)
      configuration.optimizer.startingPointPenalty = penalty
      let report = try run(FullFineTuning(head: head), configuration).report
      let moved = report.changes.filter { $0.part != .statistics && $0.layer != "fc" }
      return (moved.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot(), report)
    }
    let free = try distance(nil, head: .train)
    let held = try distance(5, head: .train)
    let tight = try distance(50, head: .train)
    #expect(free.backbone > held.backbone && held.backbone > 2 * tight.backbone)
    let all = source.graph.parameterCounts.trainable
    #expect(free.report.pulledToStart == nil && held.report.pulledToStart == all)
    #expect(try distance(5, head: .new).report.pulledToStart == all - 130)
  }

  @Test("l2-sp is full fine-tuning with a penalty by default, and without one is refused")
  func startingPointStrategy() throws {
    var configuration = TrainingConfiguration(epochs: 2, batchSize: 8)
    #expect(throws: StrategyError.self) { try run(L2SP(), configuration) }
    configuration.optimizer.startingPointPenalty = L2SP().defaultTraining.optimizer.startingPointPenalty
    let (named, plain) = (try run(L2SP(), configuration), try run(FullFineTuning(), configuration))
    #expect(named.model.parameters.fingerprint == plain.model.parameters.fingerprint)
  }

  @Test(
    "Label smoothing reaches every strategy that reads labels",
    arguments: StrategyCatalogue.all.filter(\.objective.needsLabels).map(\.name))
  func smoothing(name: String) throws {
    var strategy = try StrategyCatalogue.strategy(named: name)
    strategy.head = .train
    var losses: [Double] = []
    for share: Float in [0, 0.4] {
      var configuration = strategy.defaultTraining
      (configuration.epochs, configuration.batchSize, configuration.labelSmoothing) = (5, 20, share)
      losses.append(try run(strategy, configuration).metrics[0].trainingLoss!)
    }
    // The first step's loss, before anything moved: with smoothing s it is (1 - s) CE(y) + s (CE(0) + CE(1)) / 2, another number.
    #expect(losses[0] != losses[1] && losses.allSatisfy(\.isFinite))
  }

  @Test("Settings out of range are named", arguments: [\TrainingConfiguration.epochs, \.batchSize])
  func settings(path: WritableKeyPath<TrainingConfiguration, Int> & Sendable) throws {
    var configuration = TrainingConfiguration()
    configuration[keyPath: path] = 0
    #expect(throws: TrainingError.self) { try run(LinearProbe(), configuration) }
  }
}
