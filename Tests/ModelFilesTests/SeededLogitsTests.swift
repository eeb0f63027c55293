import Engine
import Foundation
import Graphs
import ModelFiles
import Tensors
import Testing

private struct Reference: Decodable {
  let channels: Int
  let side: Int
  let logits: [[Float]]
  /// Mean and variance over all of each normalization's input.
  let statistics: [String: [Double]]
}

/// The values of `tools/golden/models_logits.py`: u in [-1, 1) from a SplitMix64 of the key's FNV-1a hash and the position.
private func uniform(_ key: String, count: Int, _ map: (Double) -> Double) -> [Float] {
  var start: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in key.utf8 { start = (start ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return (0..<count).map { index in
    var z = start &+ UInt64(index) &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float(map(Double((z ^ (z >> 31)) >> 40) / 0x1p23 - 1))
  }
}

/// - Parameter statistics: of a normalization's input.
private func seeded(_ declaration: ParameterDeclaration, calibratedTo statistics: [Double]?) -> Tensor {
  let shape = declaration.shape
  let map: (Double) -> Double =
    switch (declaration.role, declaration.id.field) {
    case (.weight, _): { $0 * (6 / Double(shape.dimensions.dropFirst().reduce(1, *))).squareRoot() }
    case (.bias, _): { 0.1 * $0 }
    case (.affine, "weight"): { 1 + 0.2 * $0 }
    case (.buffer, "running_var"): { statistics![1] * (1 + 0.5 * $0) }
    case (.buffer, _): { statistics![0] + 0.2 * $0 * statistics![1].squareRoot() }
    default: { 0.2 * $0 }
    }
  return Tensor(shape: shape, values: uniform(declaration.id.description, count: shape.count, map))
}

@Test(
  "With seeded weights and calibrated statistics every network's logits are PyTorch's in float64, within 1e-4 of the largest",
  arguments: Architecture.allCases, InstructionSet.available.filter { $0 != .portable || $0 == .best })
func seededLogits(of architecture: Architecture, with instructionSet: InstructionSet) throws {
  let all = try JSONDecoder().decode([String: Reference].self, from: Data(contentsOf: golden("logits.json")))
  let reference = try #require(all[architecture.rawValue])
  // The published VGG head has 124 million weights, and the same layers as the rest.
  let head = [.vgg11BN, .vgg16BN].contains(architecture) ? Head.linear(outputs: 5) : architecture.standardHead(classes: 5)
  let graph = architecture.graph(inputChannels: reference.channels, head: head)
  var parameters = Parameters(graph.parameters)
  for declaration in graph.parameters {
    parameters[declaration.id] = seeded(declaration, calibratedTo: reference.statistics[declaration.id.path])
  }
  let shape = FeatureShape(channels: reference.channels, height: reference.side, width: reference.side)
  let images = Tensor(shape: [2, shape.channels, shape.height, shape.width], values: uniform("input", count: 2 * shape.count) { $0 })
  let executor = try Executor(graph: graph, parameters: parameters, input: shape, instructionSet: instructionSet)
  let logits = try executor(FeatureMaps(images)).rows
  let scale = reference.logits.joined().map(abs).max()!
  for (found, expected) in zip(logits.joined(), reference.logits.joined()) { #expect(abs(found - expected) <= 1e-4 * scale) }
}
