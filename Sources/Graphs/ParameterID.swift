import Tensors

/// Names one parameter by its layer's state-dict path and its field: `layer1.0.bn2` + `running_mean`.
///
/// Rewrites never rename; what they add has an ID of its own (`layer1.0.conv1.lora_A` + `weight`).
public struct ParameterID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let path: String
  public let field: String

  public init(path: String, field: String) {
    self.path = path
    self.field = field
  }

  /// The key a PyTorch state dict has for it.
  public var description: String { "\(path).\(field)" }

  public static func < (left: ParameterID, right: ParameterID) -> Bool {
    (left.path, left.field) < (right.path, right.field)
  }
}

/// What a parameter is to its layer; strategies select by it.
public enum ParameterRole: String, Sendable, Codable, CaseIterable {
  /// A convolution's or linear layer's weight.
  case weight
  /// A convolution's or linear layer's bias.
  case bias
  /// A normalization's gamma or beta.
  case affine
  /// Running statistics: state, never trained by gradient.
  case buffer
}

/// A parameter that a node needs: its ID, shape and role.
public struct ParameterDeclaration: Hashable, Sendable {
  public let id: ParameterID
  public let shape: Shape
  public let role: ParameterRole

  public init(_ path: String, _ field: String, shape: Shape, role: ParameterRole) {
    id = ParameterID(path: path, field: field)
    self.shape = shape
    self.role = role
  }
}
