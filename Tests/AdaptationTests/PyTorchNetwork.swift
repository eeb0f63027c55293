import Engine
import Foundation
import Graphs
import Imaging
import ModelFiles
import Tensors

/// The small residual network of `tools/golden/adaptation.py`, its start, its two batches, and PyTorch's losses.
struct PyTorchNetwork {
  private struct Expected: Decodable {
    let losses: [String: [Double]]
    let rates: [String: Double]
    let peftLogits: [[Double]]
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fixtures/golden/adaptation").path
  /// The adapter that PEFT saved.
  static let peftFolder = "\(folder)/peft"

  /// A strided, grouped block behind a stem with a bias; a hidden linear layer before the features' end.
  let model: Model
  let losses: [String: [Double]]
  let rates: [String: Double]
  /// The first batch's, with PEFT's adapter and stored statistics.
  let peftLogits: [[Double]]
  private let file: SafetensorsFile

  init() throws {
    file = try SafetensorsFile(contentsOf: "\(Self.folder)/network.safetensors")
    let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(filePath: "\(Self.folder)/expected.json")))
    (losses, rates, peftLogits) = (expected.losses, expected.rates, expected.peftLogits)
    let graph = try Self.graph()
    var parameters = Parameters(graph.parameters)
    for id in parameters.ids { parameters[id] = file.tensors["state/\(id)"]!.decodedTensor() }
    let card = ModelCard(
      architecture: nil, labels: ["a", "b", "c"], preprocessing: Preprocessing(channels: 3),
      inputShape: FeatureShape(channels: 3, height: 8, width: 8))
    model = try Model(graph: graph, parameters: parameters, card: card)
  }

  private static func graph() throws -> Graph {
    func bn(_ name: String, _ channels: Int, _ input: String) -> Node {
      Node(name, .normalization(NormalizationOperator(channels: channels)), [input])
    }
    return try Graph(
      nodes: [
        Node("input", .input(InputOperator(channels: 3))),
        Node("conv1", .convolution(ConvolutionOperator(3, 8, kernel: 3, hasBias: true)), ["input"]), bn("bn1", 8, "conv1"),
        Node("relu", .activation(.relu), ["bn1"]),
        Node("layer1.0.conv1", .convolution(ConvolutionOperator(8, 12, kernel: 3, stride: 2, groups: 2)), ["relu"]),
        bn("layer1.0.bn1", 12, "layer1.0.conv1"), Node("layer1.0.relu1", .activation(.relu), ["layer1.0.bn1"]),
        Node("layer1.0.conv2", .convolution(ConvolutionOperator(12, 12, kernel: 3)), ["layer1.0.relu1"]),
        bn("layer1.0.bn2", 12, "layer1.0.conv2"),
        Node("layer1.0.downsample.0", .convolution(ConvolutionOperator(8, 12, kernel: 1, stride: 2)), ["relu"]),
        bn("layer1.0.downsample.1", 12, "layer1.0.downsample.0"), Node("layer1.0.add", .add, ["layer1.0.bn2", "layer1.0.downsample.1"]),
        Node("layer1.0.relu", .activation(.relu), ["layer1.0.add"]), Node("avgpool", .globalAveragePooling, ["layer1.0.relu"]),
        Node("hidden", .linear(LinearOperator(inputFeatures: 12, outputFeatures: 10)), ["avgpool"]),
        Node("hidden_relu", .activation(.relu), ["hidden"]),
        Node("fc", .linear(LinearOperator(inputFeatures: 10, outputFeatures: 3)), ["hidden_relu"]),
      ], outputs: ["fc"], features: "hidden_relu")
  }

  /// PyTorch's start of what a rewrite added.
  func fill(_ parameters: inout Parameters) {
    for id in parameters.ids { if let stored = file.tensors["state/\(id)"] { parameters[id] = stored.decodedTensor() } }
  }

  /// One of the two batches in turn.
  func batch(_ step: Int) -> (images: FeatureMaps, targets: [Int?]) {
    let images = file.tensors["images"]!.decodedTensor().items((step % 2)..<(step % 2 + 1))
    let targets = file.tensors["targets"]!.decodedTensor().items((step % 2)..<(step % 2 + 1))
    return (FeatureMaps(images.reshaped(to: Shape(Array(images.shape.dimensions.dropFirst())))), targets.values.map { Int($0) })
  }

  func logits(_ model: Model) throws -> [[Double]] {
    let executor = try Executor(graph: model.graph, parameters: model.parameters, input: model.card.inputShape)
    return try executor(batch(0).images).rows.map { $0.map(Double.init) }
  }

  /// The largest difference, as a share of the largest expected value.
  static func relativeError(_ found: [[Double]], _ expected: [[Double]]) -> Double {
    let scale = expected.joined().map(abs).max() ?? 1
    return zip(found, expected).flatMap { zip($0, $1).map { abs($0 - $1) / scale } }.max() ?? .infinity
  }
}
