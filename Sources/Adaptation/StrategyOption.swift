import Graphs
import Normalization

/// Something that may be set about a strategy behind its name: `rank` in `lora:rank=8`.
///
/// A strategy lists its own in its own file, one line each; everything that reads, writes or explains options goes by that list.
public struct StrategyOption<Strategy>: Sendable {
  public let name: String
  public let help: String
  /// What a value looks like: "a whole number".
  public let form: String
  let text: @Sendable (Strategy) -> String
  /// False where the text is no value.
  let set: @Sendable (inout Strategy, String) -> Bool
  /// Whether a strategy with these settings has a use for it.
  let isFor: @Sendable (Strategy) -> Bool

  public init<Value: StrategyOptionValue>(
    _ name: String, _ path: WritableKeyPath<Strategy, Value> & Sendable, _ help: String,
    isFor: @escaping @Sendable (Strategy) -> Bool = { _ in true }
  ) {
    self.name = name
    self.help = help
    self.isFor = isFor
    form = Value.optionForm
    text = { $0[keyPath: path].optionText }
    set = { strategy, text in
      guard let value = Value(optionText: text) else { return false }
      strategy[keyPath: path] = value
      return true
    }
  }
}

/// A value that can stand in a strategy's specification. Its text has no comma.
public protocol StrategyOptionValue: SendableMetatype {
  static var optionForm: String { get }
  init?(optionText: String)
  var optionText: String { get }
}

extension Int: StrategyOptionValue {
  public static var optionForm: String { "a whole number" }
  public init?(optionText: String) { self.init(optionText) }
  public var optionText: String { "\(self)" }
}

/// `all` for none.
extension Optional: StrategyOptionValue where Wrapped: StrategyOptionValue {
  public static var optionForm: String { "\(Wrapped.optionForm), or all" }
  public init?(optionText: String) {
    if optionText == "all" {
      self = .none
    } else {
      guard let value = Wrapped(optionText: optionText) else { return nil }
      self = .some(value)
    }
  }
  public var optionText: String { self?.optionText ?? "all" }
}

extension Double: StrategyOptionValue {
  public static var optionForm: String { "a number" }
  public init?(optionText: String) {
    guard let value = Double(optionText), value.isFinite else { return nil }
    self = value
  }
  public var optionText: String { "\(self)" }
}

extension Bool: StrategyOptionValue {
  public static var optionForm: String { "yes or no" }
  public init?(optionText: String) {
    switch optionText {
    case "yes": self = true
    case "no": self = false
    default: return nil
    }
  }
  public var optionText: String { self ? "yes" : "no" }
}

/// `all`, or patterns with plus signs between: `layer3.*+layer4.*`.
extension LayerSelector: StrategyOptionValue {
  public static var optionForm: String { "all, or layer patterns with + between, such as layer3.*+layer4.*" }
  public init?(optionText: String) {
    let patterns = optionText.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard !patterns.contains("") else { return nil }
    self = optionText == "all" ? .all : .matching(patterns)
  }
  public var optionText: String {
    switch self {
    case .all: "all"
    case .matching(let patterns): patterns.joined(separator: "+")
    }
  }
}

extension NormalizationOperator.Source: StrategyOptionValue {
  public static var optionForm: String { "batch or stored" }
  public init?(optionText: String) { self.init(rawValue: optionText) }
  public var optionText: String { rawValue }
}

extension BackbonePart.Unit: StrategyOptionValue {}

/// A closed choice by its raw values: declaring the conformance is enough.
extension StrategyOptionValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  public static var optionForm: String { allCases.map(\.rawValue).joined(separator: " or ") }
  public init?(optionText: String) { self.init(rawValue: optionText) }
  public var optionText: String { rawValue }
}
