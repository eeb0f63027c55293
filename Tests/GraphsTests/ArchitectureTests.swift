import Foundation
import Graphs
import Testing

/// Where the golden data lie: three levels above this file is the package.
private let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures/golden/models")

private struct KeyList: Decodable {
  let tensors: Int
  let trainable: Int
  let fnv1a: String
}

private func fnv1a(_ text: String) -> String {
  var value: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

@Test("Every built-in network has PyTorch's state-dict keys and shapes, in its order", arguments: Architecture.allCases)
func keys(of architecture: Architecture) throws {
  let expected = try JSONDecoder().decode([String: KeyList].self, from: Data(contentsOf: golden.appending(path: "keys.json")))
  for (channels, classes) in [(3, 1000), (1, 5)] {
    let graph = architecture.graph(inputChannels: channels, classes: classes)
    let list = try #require(expected["\(architecture.rawValue)/\(channels)/\(classes)"])
    #expect(graph.parameters.count == list.tensors)
    #expect(graph.parameterCounts.trainable == list.trainable)
    #expect(fnv1a(graph.parameters.map { "\($0.id) \($0.shape)\n" }.joined()) == list.fnv1a)
  }
}

@Test("Feature maps have the published extents")
func publishedExtents() throws {
  func shapes(_ architecture: Architecture, _ side: Int) throws -> [String: FeatureShape] {
    try architecture.graph(classes: 7).shapes(input: FeatureShape(channels: 3, height: side, width: side))
  }
  let resnet = try shapes(.resnet50, 224)
  #expect(resnet["maxpool"] == FeatureShape(channels: 64, height: 56, width: 56))
  #expect(resnet["layer4.2.relu"] == FeatureShape(channels: 2048, height: 7, width: 7))
  #expect(try shapes(.cifarResNet20, 32)["layer3.2.relu"] == FeatureShape(channels: 64, height: 8, width: 8))
  #expect(try shapes(.mobileNetV2, 224)["features.18.2"] == FeatureShape(channels: 1280, height: 7, width: 7))
  #expect(try shapes(.efficientNetLite0, 224)["_blocks.15._bn2"] == FeatureShape(channels: 320, height: 7, width: 7))
  #expect(try shapes(.denseNet121, 224)["features.denseblock3.concat"] == FeatureShape(channels: 1024, height: 14, width: 14))
  #expect(try shapes(.vgg11BN, 224)["flatten"] == .vector(25088))
  for architecture in Architecture.allCases {
    let graph = architecture.graph(classes: 7)
    let side = graph.blocks.count > 8 && architecture.rawValue.hasPrefix("cifar") ? 32 : 224
    let shapes = try graph.shapes(input: FeatureShape(channels: 3, height: side, width: side))
    #expect(shapes[graph.outputs[0]] == .vector(7))
    #expect(graph.classifier?.operation.outputFeatures == 7)
    #expect(graph.classifier?.name == graph.outputs[0])
  }
}

@Test("A small image is refused with the node that can't take it")
func smallImage() {
  let error = #expect(throws: GraphError.self) {
    try Architecture.vgg16BN.graph(classes: 2).shapes(input: FeatureShape(channels: 3, height: 128, width: 128))
  }
  guard case .shape(node: "classifier.0", _)? = error else {
    Issue.record("\(String(describing: error))")
    return
  }
}

@Test("A head may be a Sequential with dropout, ReLU and linear layers; only its last layer changes with the classes")
func sequentialHead() {
  let head = Head.sequential([.dropout(probability: 0.3), .linear(outputs: 128), .relu, .linear(outputs: 4)])
  let graph = Architecture.resnet18.graph(inputChannels: 1, head: head.withClasses(3))
  #expect(graph.headNodes.map(\.name) == ["fc.0", "fc.1", "fc.2", "fc.3"])
  #expect(
    graph.headParameters.map { "\($0.id) \($0.shape)" } == [
      "fc.1.weight [128, 512]", "fc.1.bias [128]", "fc.3.weight [3, 128]", "fc.3.bias [3]",
    ])
  #expect(graph.features == "avgpool")
}

@Test("Blocks and stages are read from the state-dict paths")
func places() {
  #expect(Graph.block(of: "layer1.0.bn2") == "layer1.0")
  #expect(Graph.stage(of: "layer1.0.downsample.0") == "layer1")
  #expect(Graph.block(of: "features.3.conv.0.1") == "features.3")
  #expect(Graph.stage(of: "features.3.conv.0.1") == "features.3")
  #expect(Graph.block(of: "features.denseblock1.denselayer2.norm1") == "features.denseblock1.denselayer2")
  #expect(Graph.stage(of: "features.denseblock1.denselayer2.norm1") == "features.denseblock1")
  #expect(Graph.block(of: "conv1") == nil)
  #expect(Architecture.resnet18.graph(classes: 2).blocks.last == "layer4.1")
  #expect(Architecture.cifarResNet20.graph(classes: 2).blocks.count == 9)
  #expect(Architecture.mobileNetV2.graph(classes: 2).blocks.count == 19)
  #expect(Architecture.efficientNetLite0.graph(classes: 2).blocks.last == "_blocks.15")
}
