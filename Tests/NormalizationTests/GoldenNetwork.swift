import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Normalization
import Tensors

/// The small residual network of `tools/golden/normalization.py`, its twelve images, and PyTorch's results in double precision.
struct GoldenNetwork {
  struct Statistics: Decodable {
    let mean: [Double]
    let variance: [Double]
  }

  struct Result: Decodable {
    let statistics: [String: Statistics]
    let logits: [[Double]]
  }

  struct Expected: Decodable {
    let sourceLogits: [[Double]]
    let layerSequential: Result
    let layerSequentialPrior4: Result
    let onePass4: Result
    let instanceLogits: [[Double]]
  }

  static let layers = ["bn1", "bn2", "downsample.1", "bn3"]

  let graph: Graph
  let parameters: Parameters
  let images: Tensor
  let expected: Expected
  let input = FeatureShape(channels: 2, height: 10, width: 10)

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fixtures/golden/normalization")
    let file = try SafetensorsFile(contentsOf: folder.appending(path: "network.safetensors").path)
    graph = try Self.graph()
    var values = Parameters(graph.parameters)
    for id in values.ids { values[id] = file.tensors["\(id)"]!.decodedTensor() }
    parameters = values
    images = file.tensors["images"]!.decodedTensor()
    expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
  }

  static func graph() throws -> Graph {
    func bn(_ name: String, _ channels: Int, _ input: String, epsilon: Float = 1e-5) -> Node {
      Node(name, .normalization(NormalizationOperator(channels: channels, epsilon: epsilon)), [input])
    }
    func conv(_ name: String, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, from input: String) -> Node {
      Node(name, .convolution(ConvolutionOperator(inputs, outputs, kernel: kernel, stride: stride)), [input])
    }
    return try Graph(
      nodes: [
        Node("input", .input(InputOperator(channels: 2))),
        conv("conv1", 2, 8, from: "input"), bn("bn1", 8, "conv1"), Node("relu1", .activation(.relu), ["bn1"]),
        conv("conv2", 8, 12, stride: 2, from: "relu1"),
        // As in torchvision's blocks the shortcut's convolution may stand before or after; here it precedes bn2.
        conv("downsample.0", 8, 12, kernel: 1, stride: 2, from: "relu1"),
        bn("bn2", 12, "conv2", epsilon: 1e-3), bn("downsample.1", 12, "downsample.0"),
        Node("add", .add, ["bn2", "downsample.1"]), Node("relu2", .activation(.relu), ["add"]),
        conv("conv3", 12, 8, from: "relu2"), bn("bn3", 8, "conv3"), Node("relu3", .activation(.relu), ["bn3"]),
        Node("pool", .globalAveragePooling, ["relu3"]),
        Node("fc", .linear(LinearOperator(inputFeatures: 8, outputFeatures: 3)), ["pool"]),
      ], outputs: ["fc"], features: "pool")
  }

  /// Scans whose content-hash order is that of the golden images.
  var scans: [StatisticsImages.Scan] {
    let hashes = (0..<images.shape[0]).map { ContentHash(of: "image \($0)") }.sorted()
    return hashes.enumerated().map {
      StatisticsImages.Scan(id: ScanID("scan \($0)"), patient: PatientID("patient \($0 / 2)"), contentHash: $1)
    }
  }

  var maps: FeatureMaps { FeatureMaps(images) }

  func logits(_ parameters: Parameters, _ graph: Graph? = nil) throws -> [[Double]] {
    try Executor(graph: graph ?? self.graph, parameters: parameters, input: input)(maps).rows.map { $0.map(Double.init) }
  }

  /// The largest difference of two tables.
  static func difference(_ left: [[Double]], _ right: [[Double]]) -> Double {
    zip(left, right).flatMap { zip($0, $1).map { abs($0 - $1) } }.max() ?? .infinity
  }

  func pass(
    blend: StatisticsBlend = .targetOnly, layers: [String] = layers, memoryLimit: Int = 1 << 30, chunkSize: Int = 5, threads: Int? = nil
  ) throws -> LayerSequentialPass {
    try LayerSequentialPass(
      graph: graph, parameters: parameters, input: input, layers: layers, blend: blend, memoryLimit: memoryLimit, chunkSize: chunkSize,
      threads: threads)
  }
}
