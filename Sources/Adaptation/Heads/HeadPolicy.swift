/// What happens to the layers after the feature vector: `--head keep|train|new|extend`.
public enum HeadPolicy: Hashable, Sendable, Codable {
  /// The source's head as it is; its labels stay.
  case keep
  /// The source's head, trained along with whatever else trains.
  case train
  /// A fresh last layer for the manifest's labels, trained.
  case new
  /// The source's head, and a row behind its own for each label of the manifest that it lacks.
  case extend(HeadExtension = HeadExtension())

  /// Whether parameters of the head are among what trains.
  public var trains: Bool {
    switch self {
    case .keep: false
    case .train, .new: true
    case .extend(let form): form.trains != .none
    }
  }

  /// Whether the adapted model answers in other labels than the source's, so that their answers can't be compared.
  public var changesLabels: Bool {
    switch self {
    case .keep, .train: false
    case .new, .extend: true
    }
  }
}

/// One word, and behind `extend:` its settings.
extension HeadPolicy: RawRepresentable {
  public init?(rawValue: String) {
    switch rawValue {
    case "keep": self = .keep
    case "train": self = .train
    case "new": self = .new
    case "extend": self = .extend()
    default:
      guard rawValue.hasPrefix("extend:"), let form = HeadExtension(optionText: String(rawValue.dropFirst(7))) else { return nil }
      self = .extend(form)
    }
  }

  public var rawValue: String {
    switch self {
    case .keep: "keep"
    case .train: "train"
    case .new: "new"
    case .extend(let form): form == HeadExtension() ? "extend" : "extend:\(form.optionText)"
    }
  }

  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let policy = HeadPolicy(rawValue: text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' isn't a head policy"))
    }
    self = policy
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
