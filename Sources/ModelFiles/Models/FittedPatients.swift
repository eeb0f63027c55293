/// The patients a model was ever fitted on, as keyed hashes, and whether that is all of them.
public struct FittedPatients: Hashable, Sendable, Codable {
  /// Hashes made with one site's key.
  public struct Keyed: Hashable, Sendable, Codable {
    public let keyID: String
    /// Sorted, each once.
    public let hashes: [String]

    public init(keyID: String, hashes: some Sequence<String>) {
      self.keyID = keyID
      self.hashes = Set(hashes).sorted()
    }
  }

  /// Whether the groups name every patient. False for a network from elsewhere: it may have seen anybody.
  public let isComplete: Bool
  /// One group a key, sorted by key.
  public let groups: [Keyed]

  /// A network from elsewhere.
  public static let unknown = FittedPatients(isComplete: false, groups: [])
  /// A network that no patient's data ever reached.
  public static let none = FittedPatients(isComplete: true, groups: [])

  public init(isComplete: Bool, groups: [Keyed]) {
    self.isComplete = isComplete
    self.groups = groups.sorted { $0.keyID < $1.keyID }
  }

  /// These and the patients of one more fit; completeness stays what it was.
  public func adding(_ patients: Keyed) -> FittedPatients {
    let known = groups.first { $0.keyID == patients.keyID }?.hashes ?? []
    let merged = Keyed(keyID: patients.keyID, hashes: known + patients.hashes)
    return FittedPatients(isComplete: isComplete, groups: groups.filter { $0.keyID != patients.keyID } + [merged])
  }
}
