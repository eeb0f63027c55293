import CKernels
import Engine
import Foundation
import Graphs
import Testing

@Suite("Entropy of the answers as a loss")
struct EntropyTests {
  private static let golden = try! GoldenData("training")

  @Test("The gradient is the slope of the definition, over the images below the limit")
  func slope() {
    var random = TestValues(seed: 71)
    let logits = TestMap(5, 1, 1, 3, from: &random)
    let entropies = (0..<5).map { entropy(logits, $0) }
    for limit in [Double.infinity, entropies.sorted()[2] + 1e-9] {
      let below = (0..<5).filter { entropies[$0] < limit }
      func definition(_ map: TestMap) -> Double { below.map { entropy(map, $0) }.reduce(0, +) / Double(below.count) }
      let gradient = logits.copy()
      var counted = -1
      let loss = sa_entropy(gradient.map, logits.map, limit, &counted)
      #expect(counted == below.count && abs(loss - definition(logits)) < 1e-12)
      for image in 0..<5 {
        for channel in 0..<3 {
          let (up, down) = (logits.copy(), logits.copy())
          up[image, 0, 0, channel] += 1e-2
          down[image, 0, 0, channel] -= 1e-2
          let slope = (definition(up) - definition(down)) / Double(up[image, 0, 0, channel] - down[image, 0, 0, channel])
          #expect(abs(Double(gradient[image, 0, 0, channel]) - slope) < 1e-4)
          #expect(below.contains(image) || gradient[image, 0, 0, channel] == 0)
        }
      }
    }
  }

  @Test("Logits far apart, down to minus infinity, have the entropy 0 and no slope")
  func certain() {
    var random = TestValues(seed: 72)
    let (logits, gradient) = (TestMap(2, 1, 1, 3, from: &random), TestMap(2, 1, 1, 3, from: &random))
    for (channel, value) in [900, -900, -Float.infinity].enumerated() {
      for image in 0..<2 { logits[image, 0, 0, channel] = value }
    }
    var counted = 0
    #expect(sa_entropy(gradient.map, logits.map, 0.1, &counted) == 0 && counted == 2)
    #expect((0..<3).allSatisfy { gradient[0, 0, 0, $0] == 0 })
  }

  private func entropy(_ logits: TestMap, _ image: Int) -> Double {
    let z = (0..<3).map { Double(logits[image, 0, 0, $0]) }
    let sum = z.map { exp($0) }.reduce(0, +)
    return -z.map { exp($0) / sum * log(exp($0) / sum) }.reduce(0, +)
  }

  struct Recipe: Sendable {
    let name: String
    let optimizer: Optimizer
    let rate: Double
    let limit: Double
  }

  private static let recipes = [
    Recipe(name: "tent", optimizer: Optimizer(.adamW(weightDecay: 0)), rate: 1e-2, limit: .infinity),
    Recipe(name: "tent-limited", optimizer: Optimizer(.sgd(momentum: 0.9)), rate: 0.5, limit: 1.342),
  ]

  private func start(_ recipe: Recipe, threads: Int = 2, limit: Double? = nil) throws -> TrainingState {
    try TrainingState(
      graph: tinyResNet, parameters: Self.golden.parameters(for: tinyResNet, under: "state"),
      plan: TrainablePlan(trainable: Set(tinyResNet.parameters.filter { $0.role == .affine }.map(\.id))),
      loss: .entropy(limit: limit ?? recipe.limit), optimizer: recipe.optimizer,
      inputs: ["images": FeatureShape(channels: 3, height: 16, width: 14)], seed: 1, threads: threads)
  }

  private func step(_ state: inout TrainingState, _ step: Int, _ recipe: Recipe) throws -> StepOutcome {
    let images = Self.golden["images"].items(step..<(step + 1)).reshaped(to: [6, 3, 16, 14])
    return try state.step(
      ["images": FeatureMaps(images)], targets: .unlabelled(6), learningRate: recipe.rate, stepIndex: step)
  }

  @Test("Ten steps on gamma and beta have PyTorch's losses and leave its values, with and without a limit", arguments: recipes)
  func tenSteps(_ recipe: Recipe) throws {
    var state = try start(recipe)
    for index in 0..<10 {
      let loss = try step(&state, index, recipe).loss
      #expect(abs(loss - Double(Self.golden["\(recipe.name)/losses"][index])) < 1e-4, "step \(index)")
    }
    let after = state.finish()
    for id in after.ids where Self.golden.contains("\(recipe.name)/after/\(id)") {
      #expect(relativeError(after[id], Self.golden["\(recipe.name)/after/\(id)"]) < 1e-3, "\(id)")
    }
  }

  @Test("One and two threads give the same bits", arguments: recipes)
  func threads(_ recipe: Recipe) throws {
    var one = try start(recipe, threads: 1)
    var two = try start(recipe, threads: 2)
    for index in 0..<4 {
      let losses = [try step(&one, index, recipe).loss, try step(&two, index, recipe).loss]
      #expect(losses[0] == losses[1])
    }
    let (a, b) = (one.finish(), two.finish())
    for id in a.ids { #expect(a[id] == b[id], "\(id)") }
  }

  @Test("A batch in which no image is below the limit changes nothing, the optimizer's memory included")
  func nothingCounts() throws {
    let recipe = Self.recipes[0]
    var state = try start(recipe, limit: 1e-3)
    let before = state.parameters
    let outcome = try step(&state, 0, recipe)
    let steps = state.optimizerState.stepsTaken
    #expect(outcome.counted == 0 && outcome.loss == 0 && steps == 0)
    let after = state.finish()
    for id in before.ids { #expect(after[id] == before[id], "\(id)") }
  }
}
