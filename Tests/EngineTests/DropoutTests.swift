import Engine
import Graphs
import Tensors
import Testing

@Suite("Dropout")
struct DropoutTests {
  private let graph = try! Graph(
    nodes: [
      Node("x", .input(InputOperator(channels: 50))),
      Node("before", .linear(LinearOperator(inputFeatures: 50, outputFeatures: 40)), ["x"]),
      Node("dropout", .dropout(DropoutOperator(probability: 0.3)), ["before"]),
      Node("after", .linear(LinearOperator(inputFeatures: 40, outputFeatures: 3)), ["dropout"]),
    ], outputs: ["after"])

  private var parameters: Parameters {
    var parameters = Parameters(graph.parameters)
    for (seed, id) in parameters.ids.enumerated() { parameters[id] = seededTensor(parameters.shape(of: id), seed: UInt64(seed)) }
    return parameters
  }

  private func state(seed: UInt64 = 4, threads: Int = 2, _ parameters: Parameters? = nil) throws -> TrainingState {
    try TrainingState(
      graph: graph, parameters: parameters ?? self.parameters, plan: TrainablePlan(trainable: Set(graph.parameters.map(\.id))),
      loss: .crossEntropy(), optimizer: Optimizer(.sgd()), inputs: ["x": .vector(50)], seed: seed, threads: threads)
  }

  private let images = FeatureMaps(seededTensor([6, 50]))
  private let targets = Targets.classes([0, 1, 2, 0, 1, 2])

  @Test("The mask depends on seed and step, not on threads")
  func maskKeys() throws {
    func logits(seed: UInt64, step: Int, threads: Int) throws -> FeatureMaps {
      var state = try state(seed: seed, threads: threads)
      return try state.gradients(["x": images], targets: targets, stepIndex: step).logits
    }
    let first = try logits(seed: 4, step: 0, threads: 1)
    #expect(try logits(seed: 4, step: 0, threads: 3) == first)
    #expect(try logits(seed: 4, step: 1, threads: 1) != first)
    #expect(try logits(seed: 5, step: 0, threads: 1) != first)
  }

  @Test("Gradients through the mask are those of finite differences")
  func finiteDifferences() throws {
    let id = ParameterID(path: "before", field: "bias")
    var middle = try state()
    let gradient = try middle.gradients(["x": images], targets: targets, stepIndex: 2).gradients[id]!
    for index in [0, 7, 39] {
      var losses: [Double] = []
      for change: Float in [-0.01, 0.01] {
        var moved = parameters
        moved[id][index] += change
        var state = try state(moved)
        losses.append(try state.gradients(["x": images], targets: targets, stepIndex: 2).loss)
      }
      #expect(abs((losses[1] - losses[0]) / 0.02 - Double(gradient[index])) < 2e-4)
    }
  }

  @Test("At inference nothing is dropped")
  func inference() throws {
    let without = graph.cutting("dropout")
    let expected = try Executor(graph: without, parameters: parameters, input: .vector(50))(images)
    #expect(try Executor(graph: graph, parameters: parameters, input: .vector(50))(images) == expected)
  }
}

extension Graph {
  /// The graph without a node that passes its input on.
  fileprivate func cutting(_ name: String) -> Graph {
    let input = self[name]!.inputs[0]
    let kept = nodes.filter { $0.name != name }.map { Node($0.name, $0.operation, $0.inputs.map { $0 == name ? input : $0 }) }
    return try! Graph(nodes: kept, outputs: outputs)
  }
}
