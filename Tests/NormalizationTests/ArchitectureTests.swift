import Cohorts
import Engine
import Files
import Graphs
import Normalization
import RandomStreams
import Tensors
import Testing

@Suite("Layer-sequential statistics of the built-in networks")
struct ArchitectureTests {
  @Test(
    "One forward pass with memory for all scans; with none, the same statistics to float rounding",
    arguments: [Architecture.resnet18, .mobileNetV2, .denseNet121, .efficientNetLite0])
  func everyNetwork(_ architecture: Architecture) throws {
    let graph = architecture.graph(inputChannels: 1, classes: 2)
    let parameters = graph.initialParameters(seed: 3)
    let input = FeatureShape(channels: 1, height: 64, width: 64)
    var stream = RandomStream(seed: 9, purpose: "images")
    let maps = FeatureMaps(Tensor(shape: [3, 1, 64, 64], values: (0..<(3 * 64 * 64)).map { _ in Float(stream.normal()) }))
    let scans = (0..<3).map { StatisticsImages.Scan(id: ScanID("\($0)"), patient: "p", contentHash: ContentHash(of: "\($0)")) }
    let images = StatisticsImages(maps, scans: scans)
    let layers = graph.recalibratableLayers
    #expect(layers.count == graph.normalizations.count)
    var roomy = try LayerSequentialPass(graph: graph, parameters: parameters, input: input, layers: layers, memoryLimit: 1 << 30)
    let expected = try roomy.run(over: images)
    let whole = try Program(graph: graph, inputs: ["input": input], batch: 1, purpose: .inference()).floatingPointOperations
    let forwardPasses = roomy.operations / whole
    #expect(forwardPasses <= 1.001)
    // Without memory every layer starts from the image again. Another cut may fuse other steps, so the last bits may differ.
    let few = Array(layers.prefix(8))
    var tight = try LayerSequentialPass(
      graph: graph, parameters: parameters, input: input, layers: few, memoryLimit: 0, chunkSize: 2, threads: 1)
    let again = try tight.run(over: images)
    var largest = 0.0
    for (left, right) in zip(again, expected) {
      for (channel, deviation) in right.moments.biasedVariance.map({ ($0 + 1e-5).squareRoot() }).enumerated() {
        largest = max(largest, abs(left.moments.mean[channel] - right.moments.mean[channel]) / deviation)
        largest = max(largest, abs(left.moments.m2[channel] - right.moments.m2[channel]) / (right.moments.count * deviation * deviation))
      }
    }
    #expect(largest < 1e-5)
    // Every layer's own input is standardized by what was stored: the network ends in finite logits.
    let logits = try Executor(graph: graph, parameters: roomy.parameters, input: input)(maps)
    let isFinite = logits.tensor.values.allSatisfy { $0.isFinite }
    #expect(isFinite)
  }
}
