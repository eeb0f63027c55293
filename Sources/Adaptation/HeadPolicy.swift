/// What happens to the layers after the feature vector: `--head keep|train|new`.
public enum HeadPolicy: String, Hashable, Sendable, Codable, CaseIterable {
  /// The source's head as it is; its labels stay.
  case keep
  /// The source's head, trained along with whatever else trains.
  case train
  /// A fresh last layer for the manifest's labels, trained.
  case new

  /// Whether the head's parameters are among what trains.
  public var trains: Bool { self != .keep }
}
