import Graphs
import Tensors

/// How far one layer's values moved from the source model's.
public struct LayerChange: Hashable, Sendable, Codable {
  /// What of the layer moved.
  public enum Part: String, Hashable, Sendable, Codable, CaseIterable {
    /// Weights and biases of convolutions and linear layers.
    case weights
    /// Gamma and beta.
    case affine
    /// Running mean and variance.
    case statistics
  }

  public let layer: String
  public let part: Part
  /// L2 norm of the difference.
  public let norm: Double
  /// Over the L2 norm of the source's values; nil where that is 0 or the layer is new.
  public let relativeNorm: Double?

  /// Every layer's change in node order, unchanged ones left out. Layers that only the adapted network has are measured against nothing:
  /// their norm is that of their values.
  public static func changes(from source: Parameters, to adapted: Parameters) -> [LayerChange] {
    var sums: [(layer: String, part: Part, difference: Double, reference: Double, isNew: Bool)] = []
    for declaration in adapted.declarations {
      let id = declaration.id
      let values = adapted[id].values
      let isNew = !source.contains(id) || source.shape(of: id) != declaration.shape
      let old = isNew ? [Float](repeating: 0, count: values.count) : source[id].values
      var difference = 0.0
      var reference = 0.0
      for (new, old) in zip(values, old) {
        let change = Double(new) - Double(old)
        difference += change * change
        reference += Double(old) * Double(old)
      }
      let part = part(of: declaration.role)
      if let index = sums.lastIndex(where: { $0.layer == id.path && $0.part == part }) {
        sums[index].difference += difference
        sums[index].reference += reference
      } else {
        sums.append((id.path, part, difference, reference, isNew))
      }
    }
    return sums.filter { $0.difference > 0 }.map {
      LayerChange(
        layer: $0.layer, part: $0.part, norm: $0.difference.squareRoot(),
        relativeNorm: $0.isNew || $0.reference == 0 ? nil : ($0.difference / $0.reference).squareRoot())
    }
  }

  private static func part(of role: ParameterRole) -> Part {
    switch role {
    case .weight, .bias: .weights
    case .affine: .affine
    case .buffer: .statistics
    }
  }
}
