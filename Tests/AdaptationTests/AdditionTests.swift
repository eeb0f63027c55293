import Adaptation
import Engine
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Normalization
import Testing

/// Low-rank updates and adapters, on small scans.
@Suite struct AdditionTests {
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

  @Test("Merged, the network is the source's graph with other convolutions and statistics; the error is measured on scans")
  func merged() throws {
    for (strategy, count) in [(LowRankAdaptation(), 4 * (9 * 113 + 176)), (ParallelAdapter(), 16 + 512 + 2048 + 4096)]
      as [(any AdaptationStrategy, Int)]
    {
      let result = try adapt(strategy)
      #expect(result.model.graph == source.graph)
      let changed = source.parameters.declarations.filter { $0.role == .buffer || ($0.role == .weight && $0.id.path != "fc") }.map(\.id)
      #expect(result.model.parameters.differing(from: source.parameters) == Set(changed))
      #expect(try #require(result.report.rewriteChange) < 1e-6)
      let merge = try #require(result.report.merge)
      #expect(merge.layers == ["block1.conv", "block2.conv", "block3.conv", "block4.conv"] && merge.scans == 24)
      #expect(merge.largestRelativeError > 0 && merge.largestRelativeError < 1e-5)
      #expect(result.report.trainedParameters == count)
      #expect(result.report.trainedShare < 1)
    }
  }

  @Test("Trained from stored statistics too, each is the identity under the target's until it trains")
  func storedStatistics() throws {
    for strategy in [
      LowRankAdaptation(trainingSource: .stored), ParallelAdapter(trainingSource: .stored), SeriesAdapter(trainingSource: .stored),
    ]
      as [any AdaptationStrategy]
    {
      #expect(try #require(try adapt(strategy).report.rewriteChange) < 1e-6)
    }
  }

  @Test("A rank and layers chosen by pattern, gamma and beta beside them: only those change")
  func chosenLayers() throws {
    let result = try adapt(try StrategyCatalogue.strategy(specified: "lora:rank=2,layers=block3.*+block4.*,affine=yes"))
    let moved = result.model.parameters.differing(from: source.parameters)
    #expect(Set(moved.filter { $0.path.hasSuffix(".conv") }.map(\.path)) == ["block3.conv", "block4.conv"])
    #expect(result.report.trainedParameters == 2 * (9 * (32 + 64) + 128) + 2 * (16 + 32 + 64 + 64))
    #expect(result.report.decision == "rank 2 in 2 layers")
  }

  @Test("A pattern that nothing matches lists what could be chosen")
  func noMatch() throws {
    let error = #expect(throws: AdditionError.self) { try adapt(LowRankAdaptation(layers: .matching(["layer4.*"]))) }
    #expect("\(error!)".contains("expected one of 4: block1.conv, block2.conv, block3.conv, block4.conv"))
    #expect(throws: AdditionError.self) { try adapt(SeriesAdapter(layers: .matching(["block5"]))) }
    #expect(throws: AdditionError.self) { try adapt(ParallelAdapter(layers: .matching(["*.bn"]))) }
  }

  @Test("The last layer, a rank of 0 and a reduction of 0 are refused")
  func refusals() throws {
    let error = #expect(throws: AdditionError.self) { try adapt(LowRankAdaptation(layers: .matching(["fc"]))) }
    #expect("\(error!)".contains("'fc' can't have a low-rank update: the layer of the logits belongs to the head"))
    #expect(throws: StrategyError.self) { try adapt(LowRankAdaptation(rank: 0)) }
    #expect(throws: StrategyError.self) { try adapt(LowRankAdaptation(alpha: 0)) }
    #expect(throws: StrategyError.self) { try adapt(SeriesAdapter(reduction: 0)) }
  }

  @Test("Depthwise convolutions are left out by 'all', and refused by name with the reason")
  func depthwise() throws {
    let card = ModelCard(
      architecture: .mobileNetV2, labels: ["a", "b"], preprocessing: Preprocessing(channels: 1),
      inputShape: FeatureShape(channels: 1, height: 32, width: 32))
    let mobile = try Model.initialized(.mobileNetV2, card: card, seed: 1)
    var model = mobile
    let plan = try #require(try LowRankAdaptation().prepare(&model))
    let depthwise = mobile.graph.nodes.filter { if case .convolution(let data) = $0.operation { data.isDepthwise } else { false } }
    #expect(depthwise.count == 17 && model.graph.lowRankUpdates.count == 52 - 17)
    #expect(plan.trainable.allSatisfy { id in !depthwise.contains { id.path.hasPrefix("\($0.name).") } })
    let error = #expect(throws: AdditionError.self) {
      var model = mobile
      _ = try LowRankAdaptation(layers: .matching(["features.2.*"])).prepare(&model)
    }
    #expect("\(error!)".contains("'features.2.conv.1.0' can't have a low-rank update: a depthwise convolution has one filter"))
  }

  @Test("Series adapters change nothing else, stay in the file, and answer the same once read again; adapted again, they train on")
  func seriesRoundTrip() throws {
    let result = try adapt(SeriesAdapter(reduction: 8))
    #expect(result.report.merge == nil && result.unmerged == nil)
    #expect(try #require(result.report.rewriteChange) < 1e-6)
    let adapted = result.model
    let kept = source.parameters.declarations.filter { $0.role != .buffer }.map(\.id)
    #expect(kept.allSatisfy { adapted.parameters[$0] == source.parameters[$0] })
    #expect(adapted.parameters["block2.adapter.up", "weight"].shape == [32, 4, 1, 1])
    let path = cohort.folder + "/series.safetensors"
    try ModelWriter.write(adapted, to: path)
    let read = try ModelLoader.load(path).model
    #expect(read.graph == adapted.graph)
    let records = cohort.cohort.records
    let predictor = Predictor(loader: StripesCohort.loader)
    let answers = try [read, adapted].map { try predictor.predict($0, on: records, labels: .whereKnown).logits }
    #expect(answers[0] == answers[1])
    let again = try AdaptationRun(SeriesAdapter(reduction: 8), training: quick).adapt(
      read, to: cohort.training(), loader: StripesCohort.loader)
    #expect(again.model.graph == adapted.graph)
    #expect(again.model.parameters["block2.adapter.up", "weight"] != adapted.parameters["block2.adapter.up", "weight"])
  }
}
