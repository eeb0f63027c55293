import Adaptation
import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Normalization
import Synchronization
import Testing

@Suite("Entropy minimization on striped scans")
struct EntropyMinimizationTests {
  private let cohort: StripesCohort
  private let source: Model
  private let training = TrainingConfiguration(epochs: 3, batchSize: 8, learningRate: 1e-2, seed: 4)
  /// Every scan counts, and nothing is asked.
  private let plain = EntropyMinimization(EntropyRule(threshold: 1), guard: LabelShiftGuard(.off))

  init() throws {
    cohort = try StripesCohort(gain: 0.6, offset: 60)
    let here = try StripesCohort(scanner: "A", seed: 9)
    source = try AdaptationRun(FullFineTuning(), training: TrainingConfiguration(epochs: 4, batchSize: 6, learningRate: 3e-3))
      .adapt(try StripesCohort.model(), to: here.training(), loader: StripesCohort.loader).model
  }

  private func run(
    _ strategy: any AdaptationStrategy, _ training: TrainingConfiguration? = nil, on cohort: Cohort? = nil, threads: Int = 2,
    checkpoint: String? = nil, observer: TrainingObserver = TrainingObserver()
  ) throws -> AdaptationRun.Result {
    try AdaptationRun(strategy, training: training ?? self.training, budget: ComputeBudget(threads: threads)).adapt(
      source, to: (cohort ?? self.cohort.cohort).allForFitting(Ledger()), loader: StripesCohort.loader, checkpoint: checkpoint,
      observer: observer)
  }

  @Test("Gamma, beta and statistics change, the entropy falls, and without labels the bits are those with them")
  func labelFree() throws {
    let result = try run(plain)
    let moved = Set(source.parameters.declarations.filter { [.affine, .buffer].contains($0.role) }.map(\.id))
    #expect(result.model.parameters.differing(from: source.parameters) == moved)
    #expect(result.model.graph == source.graph && result.report.scansPerClass.isEmpty)
    let states = try #require(result.report.unlabelled).states
    #expect(states.count == 4 && states[3].entropy < states[0].entropy && states[0].agreement == 1)
    #expect(result.metrics.allSatisfy { $0.trainingAccuracy == nil && $0.trainingLoss != nil })
    let unlabelled = try run(plain, on: cohort.cohort.withoutLabels)
    #expect(unlabelled.model.parameters.fingerprint == result.model.parameters.fingerprint)
  }

  @Test("What a run would take has a look at its own answers in every epoch; a training on labels has none")
  func watchCost() throws {
    func cost(_ strategy: any AdaptationStrategy) throws -> StrategyCost {
      let now = Mutex(0.0)
      return try CostMeasurement().measure(
        AdaptationRun(strategy, training: training), from: source, on: cohort.training(), loader: StripesCohort.loader,
        seconds: {
          now.withLock {
            $0 += 1
            return $0
          }
        })
    }
    let watched = try cost(plain)
    // A look at the clock before it and one behind, on 24 scans.
    #expect(watched.secondsPerWatchedScan == 1.0 / 24 && watched.secondsPerWatch(scans: 12) == 0.5)
    // Of more scans than are looked at, no more is paid for.
    #expect(watched.secondsPerWatch(scans: 5000) == 512.0 / 24)
    var unwatched = watched
    unwatched.secondsPerWatchedScan = nil
    let difference =
      watched.seconds(scans: 12, predictions: 0, training: training) - unwatched.seconds(scans: 12, predictions: 0, training: training)
    #expect(abs(difference - 3 * 0.5) < 1e-9)
    #expect(try cost(LinearProbe()).secondsPerWatchedScan == nil)
  }

  @Test("One and two threads give the same bits")
  func threads() throws {
    let (one, two) = (try run(EntropyMinimization(), threads: 1), try run(EntropyMinimization(), threads: 2))
    #expect(one.model.parameters.fingerprint == two.model.parameters.fingerprint)
    #expect(one.metrics == two.metrics && one.report.unlabelled == two.report.unlabelled)
  }

  @Test("A run stopped again and again ends with the bits, and the watched states, of an uninterrupted one")
  func resumes() throws {
    let whole = try run(plain)
    let file = cohort.folder + "/tent.safetensors"
    var resumed: AdaptationRun.Result?
    var interruptions = 0
    while resumed == nil {
      let asked = Mutex(0)
      let observer = TrainingObserver(shouldStop: {
        asked.withLock {
          $0 += 1
          return $0 > 2
        }
      })
      do { resumed = try run(plain, checkpoint: file, observer: observer) } catch is Interrupted { interruptions += 1 }
    }
    #expect(interruptions > 2)
    #expect(resumed!.model.parameters.fingerprint == whole.model.parameters.fingerprint)
    #expect(resumed!.report.unlabelled == whole.report.unlabelled && resumed!.metrics == whole.metrics)
  }

  @Test("The threshold is relative to this task's classes: of two, it leaves unsure scans out, where 0.4 ln 1000 would leave out none")
  func threshold() throws {
    let start = try #require(try run(plain).report.unlabelled).states[0]
    // Of two classes no entropy is above 1 (ln 2), and 0.4 ln 1000 is 4 times that.
    #expect(start.belowThreshold == 1)
    let strict = EntropyMinimization(EntropyRule(threshold: start.entropy), guard: LabelShiftGuard(.off))
    let states = try #require(try run(strict).report.unlabelled).states
    #expect(states[0].belowThreshold > 0 && states[0].belowThreshold < 1)
    let none = try run(EntropyMinimization(EntropyRule(threshold: 1e-9), guard: LabelShiftGuard(.off)))
    #expect(none.report.unlabelled?.collapse == .nothingBelowThreshold(entropy: start.entropy) && none.metrics.isEmpty)
    #expect(none.model.parameters.fingerprint == (try run(RecalibratedModel())).model.parameters.fingerprint)
  }

  @Test("What only labels give a meaning is refused: another head, early stopping, class weights, label smoothing")
  func refusals() throws {
    var headed = plain
    headed.head = .new
    #expect(throws: StrategyError.keepsHead(strategy: "tent", head: .new)) { try run(headed) }
    for change in [\TrainingConfiguration.labelSmoothing] {
      var training = training
      training[keyPath: change] = 0.1
      #expect(throws: TrainingError.self) { try run(plain, training) }
      #expect(throws: Never.self) { try run(plain, training.withoutLabels) }
    }
    var stopping = training
    stopping.earlyStopping = EarlyStopping()
    #expect(throws: TrainingError.self) { try run(plain, stopping) }
    var weighting = training
    weighting.classWeighting = .balanced
    #expect(throws: TrainingError.self) { try run(plain, weighting) }
  }

  @Test("Options reach the strategy; shares that don't sum to 1 or don't fit the classes are refused")
  func options() throws {
    let text = "tent:threshold=0.3,guard=refuse,prior=0.25+0.75,tolerance=0.2,collapse=0.9"
    let strategy = try StrategyCatalogue.strategy(specified: text)
    #expect(
      strategy.specification == text
        && strategy.objective
          == .entropy(
            EntropyRule(threshold: 0.3, collapse: CollapseRule(largestShare: 0.9)))
    )
    #expect(throws: StrategyOptionError.self) { try StrategyCatalogue.strategy(specified: "tent:prior=0.3+0.3") }
    let three = try StrategyCatalogue.strategy(specified: "tent:prior=0.2+0.3+0.5")
    #expect(throws: StrategyOptionError.self) { try run(three) }
  }
}
