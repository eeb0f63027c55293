import Adaptation
import ArgumentParser

extension HeadPolicy: ExpressibleByArgument {}

extension StrategyCatalogue {
  /// A strategy by name, with another head policy where one is given.
  static func strategy(named name: String, head: HeadPolicy?) throws -> any AdaptationStrategy {
    var strategy = try strategy(named: name)
    if let head { strategy.head = head }
    return strategy
  }

  static var list: String { names.joined(separator: ", ") }
}
