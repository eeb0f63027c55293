/// A strategy and its settings in one line, as `--strategy` takes it and tables show it: `lora`, `lora:rank=8,layers=layer4.*`.
extension StrategyCatalogue {
  /// - Throws: `StrategyError.unknown`, `StrategyOptionError`.
  public static func strategy(specified text: String) throws -> any AdaptationStrategy {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var strategy = try strategy(named: parts[0])
    guard parts.count == 2 else { return strategy }
    var given: [String] = []
    for setting in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let pair = setting.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { throw StrategyOptionError(strategy: parts[0], reason: .malformed(String(setting))) }
      try strategy.set(pair[0], to: pair[1])
      given.append(pair[0])
    }
    // When all is set, since one setting may give another its use.
    for option in given { try strategy.requireUse(of: option) }
    return strategy
  }
}

extension AdaptationStrategy {
  /// The name, and what is set otherwise than by default: reading it gives the same strategy, apart from head and statistics.
  public var specification: String {
    // A strategy of somebody else's isn't in the catalogue; all its settings are shown then.
    let defaults = StrategyCatalogue.all.first { $0.name == name }?.settings ?? [:]
    let changed = usedOptions.map { (name: $0.name, text: $0.text(self)) }.filter { defaults[$0.name] != $0.text }
    return changed.isEmpty ? name : "\(name):" + changed.map { "\($0.name)=\($0.text)" }.joined(separator: ",")
  }

  /// Sets one option by its name.
  /// - Throws: `StrategyOptionError` with the options there are, or the form a value has.
  public mutating func set(_ option: String, to value: String) throws(StrategyOptionError) {
    guard let known = Self.options.first(where: { $0.name == option }) else {
      throw StrategyOptionError(strategy: name, reason: .unknown(option, known: Self.options.map(\.name)))
    }
    guard known.set(&self, value) else {
      throw StrategyOptionError(strategy: name, reason: .value(option, found: value, expected: known.form))
    }
  }

  /// Those that this strategy, set as it is, has a use for.
  private var usedOptions: [StrategyOption<Self>] { Self.options.filter { $0.isFor(self) } }

  /// - Throws: `StrategyOptionError` for an option that would change nothing.
  fileprivate func requireUse(of option: String) throws(StrategyOptionError) {
    let used = usedOptions.map(\.name)
    guard used.contains(option) else { throw StrategyOptionError(strategy: name, reason: .unknown(option, known: used)) }
  }

  /// Every option's text by name.
  var settings: [String: String] { Dictionary(uniqueKeysWithValues: usedOptions.map { ($0.name, $0.text(self)) }) }

  /// A line for help: `lora: rank (a whole number), …`; nil where nothing can be set.
  public var optionHelp: String? {
    guard !usedOptions.isEmpty else { return nil }
    return "\(name): " + usedOptions.map { "\($0.name) (\($0.help); \($0.form))" }.joined(separator: ", ")
  }
}

/// A setting behind a strategy's name that can't be meant.
public struct StrategyOptionError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case malformed(String)
    case unknown(String, known: [String])
    case value(String, found: String, expected: String)
  }

  public let strategy: String
  public let reason: Reason

  public var description: String {
    switch reason {
    case .malformed(let setting): "found '\(setting)' behind '\(strategy):'; expected OPTION=VALUE, with commas between"
    case .unknown(let option, let known):
      "found the option '\(option)' for \(strategy); expected "
        + (known.isEmpty ? "none: nothing can be set about it" : "one of \(known.joined(separator: ", "))")
    case .value(let option, let found, let expected): "found \(option)='\(found)' for \(strategy); expected \(expected)"
    }
  }
}
