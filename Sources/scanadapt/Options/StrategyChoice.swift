import Adaptation
import ArgumentParser

extension HeadPolicy: ExpressibleByArgument {}

extension StrategyCatalogue {
  /// A strategy by its specification, with another head policy where one is given.
  static func strategy(specified text: String, head: HeadPolicy?) throws -> any AdaptationStrategy {
    var strategy = try strategy(specified: text)
    if let head { strategy.head = head }
    return strategy
  }

  static var list: String { names.joined(separator: ", ") }
}
