import Graphs
import Testing

@Suite struct BackbonePartTests {
  /// Of the papers' tables: stages by resolution (a ResNet's stem is one of its own), and blocks (stems, transitions and 1×1 convolutions
  /// outside blocks count).
  private static let published: [(Architecture, stages: Int, blocks: Int, lastStage: String)] = [
    (.resnet18, 5, 1 + 8, "layer4.0 to layer4.1"), (.resnet34, 5, 1 + 16, "layer4.0 to layer4.2"),
    (.resnet50, 5, 1 + 16, "layer4.0 to layer4.2"), (.cifarResNet20, 3, 1 + 9, "layer3.0 to layer3.2"),
    (.cifarResNet56, 3, 1 + 27, "layer3.0 to layer3.8"), (.mobileNetV2, 5, 19, "features.14 to features.18"),
    (.efficientNetLite0, 5, 1 + 16 + 1, "_blocks.11 to _conv_head"),
    (.denseNet121, 5, 1 + 58 + 3, "features.denseblock4.denselayer1 to features.denseblock4.denselayer16"),
    (.vgg11BN, 5, 8, "features.22 to features.25"), (.vgg16BN, 5, 13, "features.34 to features.40"), (.smallCNN, 4, 4, "block4"),
  ]

  @Test("Stages and blocks are the published ones", arguments: published)
  func counts(architecture: Architecture, stages: Int, blocks: Int, lastStage: String) {
    let graph = architecture.graph(classes: 2)
    #expect(graph.backboneParts(by: .stage).count == stages)
    #expect(graph.backboneParts(by: .block).count == blocks)
    #expect(graph.backboneParts(by: .stage).last?.name == lastStage)
  }

  @Test("Each parameter below the head is in one part, in node order", arguments: Architecture.allCases, BackbonePart.Unit.allCases)
  func partition(of architecture: Architecture, by unit: BackbonePart.Unit) {
    let graph = architecture.graph(classes: 2)
    let head = Set(graph.headParameters.map(\.id))
    let expected = graph.parameters.map(\.id).filter { !head.contains($0) }
    #expect(graph.backboneParts(by: unit).flatMap(\.parameters) == expected)
  }

  @Test("A ResNet-50's last stage and last block hold as many weights as torchvision's layer4 and layer4[-1]")
  func sizes() {
    // sum(p.numel() for p in torchvision.models.resnet50().layer4.parameters()), and of layer4[-1].
    let graph = Architecture.resnet50.graph(classes: 2)
    func size(_ part: BackbonePart?) -> Int {
      let ids = Set(part?.parameters ?? [])
      return graph.parameters.reduce(0) { ids.contains($1.id) && $1.role != .buffer ? $0 + $1.shape.count : $0 }
    }
    #expect(size(graph.backboneParts(by: .stage).last) == 14_964_736)
    #expect(size(graph.backboneParts(by: .block).last) == 4_462_592)
  }
}
