import Engine
import Graphs
import Normalization
import Tensors
import Testing

@Suite("Rewrites are held to what they declare")
struct NoOpDetectorTests {
  let golden: GoldenNetwork

  init() throws { golden = try GoldenNetwork() }

  @Test("The swap that keeps using stored statistics, as the copied snippet does, is caught")
  func brokenSwap() throws {
    #expect(throws: RewriteExpectationError.self) {
      try NoOpDetector().check(
        "BatchNorm to instance normalization", .changesOutput, before: (golden.graph, golden.parameters),
        after: (golden.graph, golden.parameters), on: golden.maps)
    }
    let swapped = try InstanceNormalizationSwap().applied(to: golden.graph, input: golden.input)
    let change = try NoOpDetector().check(
      "BatchNorm to instance normalization", .changesOutput, before: (golden.graph, golden.parameters),
      after: (swapped, golden.parameters.matching(swapped.parameters)), on: golden.maps)
    #expect(change > 0.01)
  }

  @Test("A rewrite that should be the identity and isn't is caught, as are outputs that aren't numbers")
  func brokenIdentity() throws {
    var moved = golden.parameters
    moved["bn2", "running_mean"] = Tensor(shape: [12], repeating: 3)
    #expect(throws: RewriteExpectationError.self) {
      try NoOpDetector().check(
        "an adapter", .identityUntilTrained, before: (golden.graph, golden.parameters), after: (golden.graph, moved), on: golden.maps)
    }
    moved["bn2", "running_mean"] = Tensor(shape: [12], repeating: .nan)
    #expect(throws: RewriteExpectationError(rewrite: "recalibration", reason: .notFinite)) {
      try NoOpDetector().check(
        "recalibration", .changesOutput, before: (golden.graph, golden.parameters), after: (golden.graph, moved), on: golden.maps)
    }
    try NoOpDetector().check(
      "nothing", .identityUntilTrained, before: (golden.graph, golden.parameters), after: (golden.graph, golden.parameters),
      on: golden.maps)
  }
}
