import Graphs
import Testing

@Suite("Initial parameters")
struct GraphInitializationTests {
  private let graph = Architecture.cifarResNet20.graph(inputChannels: 3, classes: 10)

  @Test("A convolution's weights have variance 2 / fan-out and mean 0, within five standard errors")
  func convolution() {
    let values = graph.initialParameters(seed: 1)["layer3.2.conv2", "weight"].values.map(Double.init)
    let n = Double(values.count)
    let expected = 2.0 / (64 * 9)
    #expect(abs(values.reduce(0, +) / n) < 5 * (expected / n).squareRoot())
    #expect(abs(values.map { $0 * $0 }.reduce(0, +) / n - expected) < 5 * expected * (2 / n).squareRoot())
  }

  @Test("A fresh normalization is the identity on standardized input")
  func normalization() {
    let parameters = graph.initialParameters(seed: 1)
    #expect(parameters["bn1", "weight"].values.allSatisfy { $0 == 1 } && parameters["bn1", "running_var"].values.allSatisfy { $0 == 1 })
    #expect(parameters["bn1", "bias"].values.allSatisfy { $0 == 0 } && parameters["bn1", "running_mean"].values.allSatisfy { $0 == 0 })
  }

  @Test("A parameter's values depend on the seed and its name, not on the rest of the network")
  func independence() {
    let head = Architecture.cifarResNet20.graph(inputChannels: 3, classes: 7)
    let first = graph.initialParameters(seed: 1)["layer1.0.conv1", "weight"]
    #expect(first == head.initialParameters(seed: 1)["layer1.0.conv1", "weight"])
    #expect(first != graph.initialParameters(seed: 2)["layer1.0.conv1", "weight"])
  }
}
