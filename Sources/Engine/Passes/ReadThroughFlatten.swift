extension StageList {
  /// A linear layer alone after a flatten reads the map itself, as a convolution with a kernel of the map's size: nothing is moved.
  mutating func readThroughFlatten() {
    for flatten in stages.compactMap({ $0 as? FlattenStage }) where !isKept(flatten.output) {
      guard let readers = readers[flatten.output] else { continue }
      let linears = readers.compactMap { stages[$0] as? ConvolutionStage }
      guard linears.count == readers.count else { continue }
      for position in readers {
        guard let linear = stages[position] as? ConvolutionStage, case .linear(let operation) = linear.geometry else { continue }
        stages[position] = ConvolutionStage(
          linear.path, operation, input: flatten.input,
          geometry: .flattened(shapes[flatten.input]!, outputs: operation.outputFeatures))
      }
      stages.removeAll { $0.output == flatten.output }
    }
  }
}
