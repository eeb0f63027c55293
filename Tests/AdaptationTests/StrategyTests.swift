import Adaptation
import Cohorts
import Graphs
import ModelFiles
import Normalization
import Testing

@Suite struct StrategyTests {
  private let cohort: StripesCohort
  private let source: Model
  private let quick = TrainingConfiguration(epochs: 2, batchSize: 5, learningRate: 1e-2, seed: 7)

  init() throws {
    cohort = try StripesCohort(gain: 0.5, offset: 90)
    source = try StripesCohort.model()
  }

  private func adapt(_ strategy: any AdaptationStrategy) throws -> AdaptationRun.Result {
    try AdaptationRun(strategy, training: quick).adapt(source, to: cohort.training(), loader: StripesCohort.loader)
  }

  private func ids(_ roles: Set<ParameterRole>) -> Set<ParameterID> {
    Set(source.parameters.declarations.filter { roles.contains($0.role) }.map(\.id))
  }

  private var head: Set<ParameterID> { Set(source.graph.headParameters.map(\.id)) }

  @Test("The source strategy changes no bit")
  func sourceModel() throws {
    let result = try adapt(SourceModel())
    #expect(result.model.parameters.differing(from: source.parameters).isEmpty)
    #expect(result.model.graph == source.graph)
    #expect(result.report.trainedParameters == 0 && result.report.changes.isEmpty)
  }

  @Test("Recalibration moves every running statistic and nothing else")
  func recalibration() throws {
    let result = try adapt(RecalibratedModel())
    #expect(result.model.parameters.differing(from: source.parameters) == ids([.buffer]))
    #expect(try #require(result.report.rewriteChange) > 1e-5)
    #expect(result.report.changes.allSatisfy { $0.part == .statistics })
  }

  @Test("A prior of many scans leaves the statistics nearer to the source's than one of few")
  func priorMixed() throws {
    func distance(_ strategy: any AdaptationStrategy) throws -> Double {
      try adapt(strategy).report.changes.map(\.norm).reduce(0, +)
    }
    let target = try distance(RecalibratedModel())
    let few = try distance(RecalibratedModel(blend: .prior(strength: 8)))
    let many = try distance(RecalibratedModel(blend: .prior(strength: 2000)))
    #expect(many < few && few < target)
  }

  @Test("A linear probe changes the head and the statistics; the convolutions and gammas keep their bits")
  func linearProbe() throws {
    let result = try adapt(LinearProbe())
    #expect(result.model.parameters.differing(from: source.parameters) == head.union(ids([.buffer])))
    #expect(result.report.inputs == .keptFeatures)
    #expect(result.report.trainedParameters == 64 * 2 + 2)
  }

  @Test("BN-only changes gamma, beta and the statistics; convolutions and a kept head keep their bits")
  func normalizationOnly() throws {
    let result = try adapt(NormalizationOnly())
    #expect(result.model.parameters.differing(from: source.parameters) == ids([.affine, .buffer]))
    #expect(result.report.trainedParameters == 2 * (16 + 32 + 64 + 64))
    #expect(result.model.graph == source.graph)
  }

  @Test("Full fine-tuning changes everything, and only what trained is counted")
  func full() throws {
    let result = try adapt(FullFineTuning())
    #expect(result.model.parameters.differing(from: source.parameters) == Set(source.parameters.ids))
    #expect(result.report.trainedShare == 1)
    let kept = try adapt(FullFineTuning(head: .keep))
    #expect(kept.model.parameters.differing(from: source.parameters).isDisjoint(with: head))
  }

  @Test("The instance-norm swap drops statistics and keeps gamma and beta; trained, it moves only those")
  func instanceNormalized() throws {
    let swapped = try adapt(InstanceNormalized())
    #expect(swapped.model.graph.normalizations.allSatisfy { $0.operation.grouping == .instance })
    #expect(swapped.model.parameters.differing(from: source.parameters).isEmpty)
    let trained = try adapt(InstanceNormalized(trainsAffine: true))
    #expect(trained.model.parameters.differing(from: source.parameters) == ids([.affine]))
  }

  @Test("After a swap of the first block only, the BatchNorm layers after it hold the target's statistics")
  func partialSwap() throws {
    let result = try adapt(InstanceNormalized(layers: .matching(["block1.*"])))
    #expect(result.model.parameters.differing(from: source.parameters) == ids([.buffer]).filter { !$0.path.hasPrefix("block1") })
  }

  @Test("Empirical Bayes moves statistics by less than recalibration does, and one patient is refused")
  func empiricalBayes() throws {
    let result = try adapt(RecalibratedModel(blend: .empiricalBayes()))
    #expect(result.model.parameters.differing(from: source.parameters) == ids([.buffer]))
    func distance(_ result: AdaptationRun.Result) -> Double { result.report.changes.map(\.norm).reduce(0, +) }
    #expect(distance(result) < distance(try adapt(RecalibratedModel())))
    let alone = cohort.cohort.filtered { $0.patient == "p1" }.allForFitting(Ledger())
    #expect(throws: RecalibrationError.tooFewPatients(layer: "block1.bn", found: 1)) {
      try AdaptationRun(RecalibratedModel(blend: .empiricalBayes())).adapt(source, to: alone, loader: StripesCohort.loader)
    }
  }

  @Test("Half of each layer, and channels by their ICC, are swapped; BatchNorm channels that stay hold the target's statistics")
  func partialChannels() throws {
    for strategy in [InstanceNormalized(stages: 1, channels: .half), InstanceNormalized(channels: .icc, threshold: 0.02)] {
      let result = try adapt(strategy)
      let groupings = result.model.graph.normalizations.map(\.operation.grouping)
      #expect(groupings.contains { if case .perChannel = $0 { true } else { false } })
      // A layer that was swapped wholly has none.
      let kept = ids([.buffer]).filter { result.model.parameters.contains($0) }
      #expect(result.model.parameters.differing(from: source.parameters) == kept && kept.count >= 6)
      #expect(try adapt(strategy).model.parameters.fingerprint == result.model.parameters.fingerprint)
    }
    let decided = try adapt(InstanceNormalized(channels: .icc, threshold: 0.02)).report.decision
    #expect(decided?.contains("channels in 4 layers per scan by a threshold of 0.02") == true)
  }

  @Test("Rematching changes gamma and beta of swapped layers only, and trains on from there")
  func rematched() throws {
    let result = try adapt(InstanceNormalized(stages: 2, rematch: true))
    let moved = result.model.parameters.differing(from: source.parameters)
    #expect(
      moved.filter { !$0.field.hasPrefix("running") }
        == ids([.affine]).filter { $0.path.hasPrefix("block1") || $0.path.hasPrefix("block2") })
    let trained = try adapt(InstanceNormalized(stages: 2, rematch: true, trainsAffine: true))
    #expect(trained.model.parameters["block1.bn", "weight"] != result.model.parameters["block1.bn", "weight"])
  }

  @Test("After training, statistics are those that recalibrating the trained weights gives")
  func statisticsAreReestimated() throws {
    let trained = try adapt(FullFineTuning())
    let error = #expect(throws: RewriteExpectationError.self) {
      try AdaptationRun(RecalibratedModel()).adapt(trained.model, to: cohort.training(), loader: StripesCohort.loader)
    }
    guard case .changedNothing(let difference, _)? = error?.reason else { return }
    #expect(difference == 0)
  }

  @Test("A new head gets the cohort's labels and trains with every strategy that reads labels, also the untrained ones")
  func newHead() throws {
    let other = try StripesCohort.model(labels: ["a", "b", "c"])
    for var strategy in StrategyCatalogue.all where strategy.objective.needsLabels {
      strategy.head = .new
      var training = strategy.defaultTraining
      // An epoch for each phase of the strategy with most.
      (training.epochs, training.batchSize, training.seed) = (6, 5, 7)
      let result = try AdaptationRun(strategy, training: training).adapt(other, to: cohort.training(), loader: StripesCohort.loader)
      #expect(result.model.card.labels == ["flat", "tall"])
      #expect(result.metrics.count == 6)
      #expect(result.report.trainedParameters >= 130)
    }
  }

  @Test("Labels the model doesn't have are an error that lists them")
  func unknownLabels() throws {
    let other = try StripesCohort.model(labels: ["flat", "round"])
    let error = #expect(throws: LabelVocabularyError.self) {
      try AdaptationRun(LinearProbe(), training: quick).adapt(other, to: cohort.training(), loader: StripesCohort.loader)
    }
    guard case .unknown(let strays, let known)? = error else { return }
    #expect(strays.map(\.label) == ["tall"] && strays.map(\.scans) == [12] && known == ["flat", "round"])
  }

  @Test("A probe of a kept head, one class, no labels and early stopping without labels are clear errors")
  func refusals() throws {
    #expect(throws: StrategyError.nothingTrains(strategy: "linear-probe", head: .keep)) { try adapt(LinearProbe(head: .keep)) }
    let loader = StripesCohort.loader
    let oneClass = cohort.cohort.filtered { $0.label == "flat" }.allForFitting(Ledger())
    #expect(throws: TrainingError.oneClass(label: "flat", scans: 12)) {
      try AdaptationRun(LinearProbe(), training: quick).adapt(source, to: oneClass, loader: loader)
    }
    let unlabelled = try StripesCohort(patients: 2, labelled: false)
    #expect(throws: TrainingError.noLabels(scans: 4)) {
      try AdaptationRun(LinearProbe(), training: quick).adapt(source, to: unlabelled.training(), loader: loader)
    }
    #expect(throws: StrategyError.self) { try StrategyCatalogue.strategy(named: "magic") }
  }
}
