import Graphs

/// Why a graph can't be compiled for a purpose.
public enum PlanError: Error, Hashable, Sendable {
  /// The shapes don't fit, or an input's shape wasn't given.
  case graph(GraphError)
  /// A parameter that a node needs isn't among the values, or has another shape.
  case missingParameter(ParameterID)
  /// A node to observe isn't in the graph.
  case unknownNode(String)
  /// A parameter that should train isn't in the graph, is a running statistic, or has no influence on the output.
  case notTrainable(ParameterID)
  /// A gradient needs one output, the logits.
  case outputs([String])
}

extension PlanError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .graph(let error): "the network doesn't fit its input: \(error)"
    case .missingParameter(let id): "the network needs \(id), which has no value of its shape"
    case .unknownNode(let name): "no layer is named \(name)"
    case .notTrainable(let id): "\(id) can't train: it isn't a weight, bias or affine parameter that the output depends on"
    case .outputs(let names): "training needs exactly one output; found \(names)"
    }
  }
}
