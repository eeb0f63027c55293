/// Writes a network down node by node, following the channels; `last` is the node added last, which the next one reads.
struct NetworkBuilder {
  private var nodes: [Node]
  private var channels: [String: Int]
  private let epsilon: Float
  private(set) var last = "input"

  init(inputChannels: Int, epsilon: Float) {
    nodes = [Node("input", .input(InputOperator(channels: inputChannels)))]
    channels = ["input": inputChannels]
    self.epsilon = epsilon
  }

  /// The channels of a node already added.
  func channels(of node: String) -> Int { channels[node]! }

  /// Adds a node that reads `inputs`, the last node unless given.
  @discardableResult
  mutating func add(_ name: String, _ operation: Operator, from inputs: [String]? = nil) -> String {
    let inputs = inputs ?? [last]
    let read = inputs.map { channels[$0]! }
    channels[name] =
      switch operation {
      case .convolution(let convolution): convolution.outputChannels
      case .linear(let linear): linear.outputFeatures
      case .concatenation: read.reduce(0, +)
      case .subsampling(let subsampling): subsampling.channelsBefore + read[0] + subsampling.channelsAfter
      default: read[0]
      }
    nodes.append(Node(name, operation, inputs))
    last = name
    return name
  }

  /// A square convolution without a bias unless asked for, of the last node's channels.
  mutating func addConvolution(
    _ name: String, outputs: Int, kernel: Int, stride: Int = 1, depthwise: Bool = false, hasBias: Bool = false, from input: String? = nil
  ) {
    let inputs = channels(of: input ?? last)
    add(
      name,
      .convolution(ConvolutionOperator(inputs, outputs, kernel: kernel, stride: stride, groups: depthwise ? inputs : 1, hasBias: hasBias)),
      from: input.map { [$0] })
  }

  mutating func addBatchNormalization(_ name: String) {
    add(name, .normalization(NormalizationOperator(channels: channels(of: last), epsilon: epsilon)))
  }

  mutating func addLinear(_ name: String, outputs: Int, hasBias: Bool = true) {
    add(name, .linear(LinearOperator(inputFeatures: channels(of: last), outputFeatures: outputs, hasBias: hasBias)))
  }

  /// Flattens `C×height×width`, so that a linear layer can read it.
  mutating func addFlatten(_ name: String, height: Int, width: Int) {
    let count = channels(of: last) * height * width
    add(name, .flatten)
    channels[name] = count
  }

  func graph(features: String) -> Graph {
    do { return try Graph(nodes: nodes, outputs: [last], features: features) } catch { preconditionFailure("a built-in network: \(error)") }
  }
}
