import RandomStreams
import Tensors

extension Graph {
  /// Values to start training from, a function of the seed and each parameter's name.
  ///
  /// Convolutions: normal with variance 2 / (outputs/groups × kernel area) (He et al. 2015, "fan out", as torchvision's ResNets). Linear
  /// layers: uniform in ±1/√inputs, weight and bias, as PyTorch's. Normalizations: gamma 1, beta 0, mean 0, variance 1.
  public func initialParameters(seed: UInt64) -> Parameters {
    var parameters = Parameters(self.parameters)
    initialize(nodes, in: &parameters, seed: seed)
    for (name, operation) in normalizations where operation.keepsStatistics { parameters.batchesTracked[name] = 0 }
    return parameters
  }

  /// Starts the head afresh and leaves the rest.
  public func initializeHead(in parameters: inout Parameters, seed: UInt64) { initialize(headNodes, in: &parameters, seed: seed) }

  /// Starts weights uniformly in ±1/√(inputs × kernel area): PyTorch's own start of convolutions and linear layers, which is
  /// Kaiming-uniform with a = √5, and PEFT's of `lora_A`.
  public func initializeUniformly(_ ids: [ParameterID], in parameters: inout Parameters, seed: UInt64) {
    for id in ids {
      let bound = 1 / Double(max(parameters.shape(of: id).dimensions.dropFirst().reduce(1, *), 1)).squareRoot()
      var stream = RandomStream(seed: seed, purpose: "initialization", content: id.description)
      parameters.withMutableValues(of: id) { for index in $0.indices { $0[index] = Float(stream.uniform(-bound, bound)) } }
    }
  }

  private func initialize(_ nodes: [Node], in parameters: inout Parameters, seed: UInt64) {
    for node in nodes {
      for declaration in node.operation.parameters(at: node.name) {
        var stream = RandomStream(seed: seed, purpose: "initialization", content: declaration.id.description)
        parameters.withMutableValues(of: declaration.id) { values in
          switch node.operation {
          case .convolution(let data) where declaration.role == .weight:
            let deviation = (2 / Double(data.outputChannels / data.groups * data.kernelHeight * data.kernelWidth)).squareRoot()
            for index in values.indices { values[index] = Float(deviation * stream.normal()) }
          case .linear(let data):
            let bound = 1 / Double(data.inputFeatures).squareRoot()
            for index in values.indices { values[index] = Float(stream.uniform(-bound, bound)) }
          default: values.update(repeating: declaration.id.field == "weight" || declaration.id.field == "running_var" ? 1 : 0)
          }
        }
      }
    }
  }
}
