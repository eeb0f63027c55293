import Adaptation
import ArgumentParser

/// For `--head`.
func headPolicy(_ argument: String) throws -> HeadPolicy {
  guard let policy = HeadPolicy(rawValue: argument) else {
    throw ValidationError(
      "--head is keep, train, new, or extend, which takes settings: extend:rows=imprinted or lda,trains=none or new or all,shrinkage=0 to 1; "
        + "found '\(argument)'")
  }
  return policy
}

/// What `--head` may be, for help.
let headHelp =
  "keep, train, new (for the manifest's labels), or extend (the model's own rows stay, each label it lacks gets one; "
  + "extend:rows=lda,trains=none,shrinkage=0.1); each strategy's own choice unless given."

extension StrategyCatalogue {
  /// A strategy by its specification, with another head policy where one is given.
  static func strategy(specified text: String, head: HeadPolicy?) throws -> any AdaptationStrategy {
    var strategy = try strategy(specified: text)
    if let head { strategy.head = head }
    return strategy
  }

  static var list: String { names.joined(separator: ", ") }
}
