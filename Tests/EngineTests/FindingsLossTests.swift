import CKernels
import Engine
import Foundation
import Graphs
import Tensors
import Testing

@Suite("Binary cross-entropy over known findings")
struct FindingsLossTests {
  private static let golden = try! GoldenData("findings")

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let isWeighted: Bool
    let smoothing: Float
    /// Unknown entries are present ones instead.
    var allKnown = false

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "plain", isWeighted: false, smoothing: 0), Case(name: "weighted", isWeighted: true, smoothing: 0),
    Case(name: "smoothed", isWeighted: true, smoothing: 0.1), Case(name: "known", isWeighted: true, smoothing: 0.1, allKnown: true),
  ]

  private func kernel(_ example: Case, _ logits: TestMap, _ targets: [Int32]) -> (loss: Double, gradient: TestMap) {
    let gradient = logits.copy()
    let loss = Self.golden["weights"].values.withUnsafeBufferPointer { weights in
      sa_binary_cross_entropy(gradient.map, logits.map, targets, example.isWeighted ? weights.baseAddress : nil, example.smoothing)
    }
    return (loss, gradient)
  }

  private func logits() -> TestMap {
    let stored = Self.golden["logits"]
    let map = TestMap(7, 1, 1, 5) { 0 }
    for image in 0..<7 { for finding in 0..<5 { map[image, 0, 0, finding] = stored[image * 5 + finding] } }
    return map
  }

  private func targets(_ example: Case) -> [Int32] {
    Self.golden["targets"].values.map { example.allKnown ? abs(Int32($0)) : Int32($0) }
  }

  @Test("Loss and gradient are PyTorch's, with unknown entries, positive weights, smoothing and logits of 200", arguments: cases)
  func golden(_ example: Case) {
    let (loss, gradient) = kernel(example, logits(), targets(example))
    let expected = Double(Self.golden["\(example.name)/loss"][0])
    #expect(abs(loss - expected) < 1e-6 * max(1, expected))
    for image in 0..<7 {
      for finding in 0..<5 {
        #expect(abs(gradient[image, 0, 0, finding] - Self.golden["\(example.name)/gradient"][image * 5 + finding]) < 1e-7)
      }
    }
  }

  @Test("The gradient is the slope of the loss", arguments: cases)
  func finiteDifferences(_ example: Case) {
    var random = TestValues(seed: 5)
    let logits = TestMap(7, 1, 1, 5, from: &random)
    let targets = targets(example)
    let gradient = kernel(example, logits, targets).gradient
    for image in 0..<7 {
      for finding in 0..<5 {
        let (up, down) = (logits.copy(), logits.copy())
        up[image, 0, 0, finding] += 1e-2
        down[image, 0, 0, finding] -= 1e-2
        let step = Double(up[image, 0, 0, finding]) - Double(down[image, 0, 0, finding])
        let slope = (kernel(example, up, targets).loss - kernel(example, down, targets).loss) / step
        #expect(abs(Double(gradient[image, 0, 0, finding]) - slope) < 1e-5)
      }
    }
  }

  @Test("What the network says where nothing is known changes no bit of the loss or of any gradient", arguments: 0..<20)
  func maskedEntries(_ seed: Int) {
    var random = TestValues(seed: seed)
    let example = Self.cases[2]
    let logits = TestMap(7, 1, 1, 5, from: &random)
    let targets = targets(example)
    let other = logits.copy()
    for (entry, target) in targets.enumerated() where target < 0 {
      other[entry / 5, 0, 0, entry % 5] = entry % 2 == 0 ? .nan : Float(entry) * 1e30
    }
    let (first, second) = (kernel(example, logits, targets), kernel(example, other, targets))
    #expect(first.loss.bitPattern == second.loss.bitPattern)
    for entry in targets.indices {
      let (a, b) = (first.gradient[entry / 5, 0, 0, entry % 5], second.gradient[entry / 5, 0, 0, entry % 5])
      #expect(a.bitPattern == b.bitPattern)
      if targets[entry] < 0 { #expect(a.bitPattern == 0) }
    }
  }

  private func state() throws -> TrainingState {
    let graph = try Graph(
      nodes: [
        Node("x", .input(InputOperator(channels: 12))),
        Node("head", .linear(LinearOperator(inputFeatures: 12, outputFeatures: 5)), ["x"]),
      ], outputs: ["head"])
    var start = Parameters(graph.parameters)
    for field in ["weight", "bias"] { start["head", field] = Self.golden["start/\(field)"] }
    return try TrainingState(
      graph: graph, parameters: start, plan: TrainablePlan(trainable: Set(start.ids)),
      loss: .binaryCrossEntropy(positiveWeights: Array(Self.golden["weights"].values), labelSmoothing: 0.05),
      optimizer: Optimizer(.adamW(weightDecay: 0.01)), inputs: ["x": .vector(12)], seed: 0, threads: 2)
  }

  @Test("Ten steps have PyTorch's losses and leave its weights")
  func tenSteps() throws {
    var state = try state()
    for step in 0..<10 {
      let targets = Self.golden["step-targets"].values[(step * 40)..<(step * 40 + 40)].map { $0 < 0 ? nil : $0 == 1 }
      let rows = stride(from: 0, to: 40, by: 5).map { Array(targets[$0..<($0 + 5)]) }
      let images = FeatureMaps(Self.golden["features"].items(step..<(step + 1)).reshaped(to: [8, 12]))
      let loss = try state.step(["x": images], targets: .findings(rows), learningRate: 5e-2, stepIndex: step).loss
      #expect(abs(loss - Double(Self.golden["losses"][step])) < 1e-5, "step \(step)")
    }
    let after = state.finish()
    for field in ["weight", "bias"] { #expect(relativeError(after["head", field], Self.golden["after/\(field)"]) < 1e-4) }
  }

  @Test("Rows of another length, another count of them, or nothing known at all are refused")
  func refused() throws {
    var state = try state()
    let images = ["x": FeatureMaps(Self.golden["features"].items(0..<1).reshaped(to: [8, 12]))]
    func error(_ rows: [[Bool?]]) -> RunError? {
      do throws(RunError) { _ = try state.step(images, targets: .findings(rows), learningRate: 0, stepIndex: 0) } catch { return error }
      return nil
    }
    #expect(error(Array(repeating: [true, nil, false], count: 8)) == .findings(3, classes: 5))
    #expect(error([[true, nil, false, nil, nil]]) == .batch(expected: 8, found: 1))
    #expect(error(Array(repeating: Array(repeating: nil, count: 5), count: 8)) == .noTargets)
  }
}
