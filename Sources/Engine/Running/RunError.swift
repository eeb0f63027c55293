import Graphs

/// Why a program couldn't run on what it was fed.
public enum RunError: Error, Hashable, Sendable {
  case missingInput(String)
  case inputShape(String, expected: FeatureShape, found: FeatureShape)
  /// Inputs, or targets, of different counts.
  case batch(expected: Int, found: Int)
  /// A target isn't the index of a class.
  case target(Int, classes: Int)
  /// An image's row of findings isn't as long as there are classes.
  case findings(Int, classes: Int)
  /// No image of the batch has a target: the loss is undefined.
  case noTargets
  /// The loss stopped being a number; `node` is the first in order whose output isn't finite, nil where all are (the loss or a gradient
  /// overflowed).
  case nonFinite(step: Int, node: String?)
  /// Batch statistics of a single value per channel have no variance.
  case singleValue(normalization: String)
}

extension RunError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingInput(let name): "nothing was fed at input \(name)"
    case .inputShape(let name, let expected, let found): "input \(name) is \(found); expected \(expected)"
    case .batch(let expected, let found): "a batch of \(found) images or targets; expected \(expected)"
    case .target(let target, let classes): "target \(target) isn't one of \(classes) classes"
    case .findings(let found, let classes): "a target of \(found) findings; expected one for each of \(classes) classes"
    case .noTargets: "no image of the batch has a label"
    case .nonFinite(let step, let node):
      "step \(step): the loss or its gradient isn't finite\(node.map { "; the first layer to leave the numbers is \($0)" } ?? "")"
    case .singleValue(let name): "\(name) would take statistics of a single value per channel; use larger batches or images"
    }
  }
}
