import Graphs

extension StageList {
  /// One stage for each node that an output or an observed value needs, in the graph's order.
  init(graph: Graph, shapes: [String: FeatureShape], purpose: Purpose) {
    var observed: Set<String> = []
    var trainable: Set<ParameterID> = []
    switch purpose {
    case .inference(let names): observed = names
    case .statistics: break
    case .gradients(_, let plan): trainable = plan.trainable
    }
    var needed = Set(graph.outputs).union(observed)
    if case .statistics = purpose { needed.formUnion(graph.normalizations.filter(\.operation.keepsStatistics).map(\.name)) }
    for node in graph.nodes.reversed() where needed.contains(node.name) { needed.formUnion(node.inputs) }
    self.init(
      stages: graph.nodes.filter { needed.contains($0.name) }.map { Self.stage(for: $0, shapes: shapes, purpose: purpose) },
      shapes: shapes, outputs: Set(graph.outputs), observed: observed, trainable: trainable)
  }

  private static func stage(for node: Node, shapes: [String: FeatureShape], purpose: Purpose) -> any Stage {
    let name = node.name
    switch node.operation {
    case .input: return InputStage(output: name)
    case .convolution(let operation):
      return ConvolutionStage(name, operation, input: node.inputs[0], shape: shapes[node.inputs[0]]!)
    case .linear(let operation): return ConvolutionStage(name, operation, input: node.inputs[0])
    case .normalization(let operation): return NormalizationStage(name, operation, input: node.inputs[0], purpose: purpose)
    case .activation(let activation): return SumStage(output: name, inputs: node.inputs, activation: activation)
    case .add: return SumStage(output: name, inputs: node.inputs, activation: nil)
    case .concatenation: return ConcatenationStage(output: name, inputs: node.inputs)
    case .pooling(let operation): return PoolingStage(output: name, input: node.inputs[0], window: .sliding(operation))
    case .globalAveragePooling: return PoolingStage(output: name, input: node.inputs[0], window: .whole)
    case .flatten: return FlattenStage(output: name, input: node.inputs[0])
    case .dropout(let operation): return DropoutStage(output: name, input: node.inputs[0], probability: operation.probability)
    case .subsampling(let operation): return SubsamplingStage(output: name, input: node.inputs[0], operation: operation)
    case .scaling(let operation): return ScalingStage(output: name, input: node.inputs[0], factor: operation.factor)
    }
  }
}
