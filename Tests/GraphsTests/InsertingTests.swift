import Graphs
import Testing

@Suite struct InsertingTests {
  private let graph = Architecture.resnet18.graph(inputChannels: 1, classes: 3)

  private func scaling(_ name: String, _ input: String) -> Node { Node(name, .scaling(ScalingOperator(factor: 2)), [input]) }

  @Test("What read the node reads the last inserted one; names, outputs and features stay")
  func redirects() throws {
    let added = [scaling("layer1.0.conv1.x", "layer1.0.conv1"), scaling("layer1.0.conv1.y", "layer1.0.conv1.x")]
    let longer = try graph.inserting(added, after: "layer1.0.conv1")
    #expect(longer["layer1.0.bn1"]?.inputs == ["layer1.0.conv1.y"])
    #expect(longer["layer1.0.conv1.x"]?.inputs == ["layer1.0.conv1"])
    #expect(longer.nodes.filter { !added.contains($0) }.map(\.name) == graph.nodes.map(\.name))
    #expect(longer.outputs == graph.outputs && longer.features == graph.features)
    #expect(try longer.removing(added.map(\.name), after: "layer1.0.conv1") == graph)
  }

  @Test("Behind an output or the feature vector, that moves along")
  func endings() throws {
    let longer = try graph.inserting([scaling("twice", "avgpool")], after: "avgpool")
    #expect(longer.features == "twice" && longer["fc"]?.inputs == ["twice"])
    #expect(try graph.inserting([scaling("logits", "fc")], after: "fc").outputs == ["logits"])
  }

  @Test("A node that isn't there, a name that is taken and an input that comes later are errors")
  func refusals() {
    #expect(throws: GraphError.unknownNode("layer9")) { try graph.inserting([scaling("x", "layer9")], after: "layer9") }
    #expect(throws: GraphError.duplicateNode("bn1")) { try graph.inserting([scaling("bn1", "conv1")], after: "conv1") }
    #expect(throws: GraphError.unknownInput(node: "x", input: "fc")) { try graph.inserting([scaling("x", "fc")], after: "conv1") }
    #expect(throws: GraphError.unknownNode("x")) { try graph.removing(["x"], after: "conv1") }
  }

  @Test("Every block of a residual network leaves by its last node", arguments: [Architecture.resnet50, .mobileNetV2, .cifarResNet20])
  func exits(architecture: Architecture) {
    let graph = architecture.graph(classes: 2)
    let exits = graph.blockExits
    #expect(exits.map(\.block) == graph.blocks)
    for (block, node) in exits { #expect(graph.nodes.last { Graph.block(of: $0.name) == block }?.name == node) }
  }
}
