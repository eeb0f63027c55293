import RandomStreams

extension Parameters {
  /// Fresh values for a network that is trained from scratch, a function of the seed and each parameter's name alone.
  ///
  /// Convolution weights are normal with variance `2 / fan-out` (He et al. 2015, as torchvision's networks), linear weights and
  /// biases uniform within `1 / sqrt(fan-in)` (PyTorch's default), gamma and variances one, all else zero.
  public static func initialized(for graph: Graph, seed: UInt64) -> Parameters {
    var parameters = Parameters(graph.parameters)
    for node in graph.nodes {
      for declaration in node.operation.parameters(at: node.name) {
        var stream = RandomStream(seed: seed, purpose: "initial parameters", content: declaration.id.description)
        parameters.withMutableValues(of: declaration.id) { values in
          switch (node.operation, declaration.id.field) {
          case (.convolution(let convolution), "weight"):
            let fanOut = convolution.outputChannels / convolution.groups * convolution.kernelHeight * convolution.kernelWidth
            let deviation = (2 / Double(fanOut)).squareRoot()
            for index in values.indices { values[index] = Float(deviation * stream.normal()) }
          case (.linear(let linear), _):
            let bound = 1 / Double(linear.inputFeatures).squareRoot()
            for index in values.indices { values[index] = Float(stream.uniform(-bound, bound)) }
          case (.normalization, "weight"), (.normalization, "running_var"): values.update(repeating: 1)
          default: values.update(repeating: 0)
          }
        }
      }
      if case .normalization(let normalization) = node.operation, normalization.keepsStatistics {
        parameters.batchesTracked[node.name] = 0
      }
    }
    return parameters
  }
}
