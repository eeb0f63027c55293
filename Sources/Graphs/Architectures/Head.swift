/// One layer of a sequential head.
public enum HeadLayer: Hashable, Sendable, Codable {
  case dropout(probability: Float)
  case relu
  case linear(outputs: Int, hasBias: Bool = true)
}

/// What turns a feature vector into logits: one linear layer at the head's path (`fc.weight`), or a Sequential whose layers are
/// numbered below it (`classifier.1.weight`).
public enum Head: Hashable, Sendable, Codable {
  case linear(outputs: Int, hasBias: Bool = true)
  /// Ends with a linear layer.
  case sequential([HeadLayer])

  /// The number of logits; nil for a Sequential that doesn't end with a linear layer, which is no head.
  public var classes: Int? {
    switch self {
    case .linear(let outputs, _): outputs
    case .sequential(let layers): if case .linear(let outputs, _)? = layers.last { outputs } else { nil }
    }
  }

  /// The same head for another number of classes: only the last layer changes.
  public func withClasses(_ classes: Int) -> Head {
    switch self {
    case .linear(_, let hasBias): return .linear(outputs: classes, hasBias: hasBias)
    case .sequential(var layers):
      guard case .linear(_, let hasBias)? = layers.popLast() else { preconditionFailure("a head ends with a linear layer: \(self)") }
      return .sequential(layers + [.linear(outputs: classes, hasBias: hasBias)])
    }
  }
}

extension NetworkBuilder {
  mutating func addHead(_ head: Head, at path: String) {
    switch head {
    case .linear(let outputs, let hasBias): addLinear(path, outputs: outputs, hasBias: hasBias)
    case .sequential(let layers):
      precondition(head.classes != nil, "a head ends with a linear layer: \(layers)")
      for (index, layer) in layers.enumerated() {
        switch layer {
        case .dropout(let probability): add("\(path).\(index)", .dropout(DropoutOperator(probability: probability)))
        case .relu: add("\(path).\(index)", .activation(.relu))
        case .linear(let outputs, let hasBias): addLinear("\(path).\(index)", outputs: outputs, hasBias: hasBias)
        }
      }
    }
  }
}
