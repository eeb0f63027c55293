import Graphs
import ModelFiles
import Normalization

/// How much of an adaptation is taken: all of it, or what lies between the source model and it.
///
/// Halfway in the weights and statistics often keeps most of the gain and little of the harm (Wortsman et al. 2022, "Robust fine-tuning of
/// zero-shot models"; for statistics it is alpha-BN). The shallow half takes a scanner's intensity and texture and leaves the deep
/// layers, where classes and their shares are.
public enum AdaptedPart: Hashable, Codable, Sendable {
  case whole
  /// Every value so much the source's.
  case blend(sourceWeight: Double)
  /// Normalizations of the first half of the depth; everything else is the source's.
  case shallowNormalizations

  /// As tables say it.
  public var name: String {
    switch self {
    case .whole: "whole"
    case .blend(let weight): "blend, source weighing \(weight)"
    case .shallowNormalizations: "normalizations of the first half of the depth"
    }
  }

  /// The parts that two models have, in the order they are tried; none where the adaptation rewrote the graph or replaced the head.
  public static func parts(of adapted: Model, from source: Model) -> [AdaptedPart] {
    guard adapted.card.labels == source.card.labels, adapted.graph == source.graph else { return [] }
    let changes = LayerChange.changes(from: source.parameters, to: adapted.parameters)
    guard !changes.isEmpty else { return [] }
    let moved = Set(changes.map(\.layer))
    let shallow = Set(source.graph.earlyNormalizations)
    let deep = Set(source.graph.recalibratableLayers).subtracting(shallow)
    let splits = changes.allSatisfy { $0.part != .weights } && !moved.isDisjoint(with: shallow) && !moved.isDisjoint(with: deep)
    return [.blend(sourceWeight: 0.5)] + (splits ? [.shallowNormalizations] : [])
  }

  /// The model with this part of the adaptation; its card says so.
  public func taken(from adapted: Model, source: Model) -> Model {
    guard self != .whole else { return adapted }
    var model = adapted
    let shallow = Set(source.graph.earlyNormalizations)
    for declaration in model.parameters.declarations {
      switch self {
      case .whole: break
      case .blend(let weight):
        let old = source.parameters[declaration.id].values
        let share = Float(weight)
        model.parameters.withMutableValues(of: declaration.id) { values in
          for index in values.indices { values[index] = share * old[index] + (1 - share) * values[index] }
        }
      case .shallowNormalizations:
        if !shallow.contains(declaration.id.path) { model.parameters[declaration.id] = source.parameters[declaration.id] }
      }
    }
    model.card.statistics += "; of it, \(name)"
    model.card.provenance.append("taken in part: \(name)")
    return model
  }
}
