/// The patients something was fitted on, as keyed hashes: enough to find that one of them is in another cohort, for whoever has
/// the same key, and nothing more.
public struct PatientHashes: Hashable, Sendable, Codable {
  public let keyID: String
  /// 32 hexadecimal digits each, sorted.
  public let hashes: [String]

  public init(keyID: String, hashes: [String]) {
    self.keyID = keyID
    self.hashes = Set(hashes).sorted()
  }

  public init(_ patients: some Sequence<PatientID>, _ pseudonyms: Pseudonyms) {
    self.init(keyID: pseudonyms.keyID, hashes: patients.map(pseudonyms.patientHash))
  }

  /// Whether patients are shared, where that can be known.
  public enum Overlap: Hashable, Sendable {
    /// Hashed with another key: no answer can be had.
    case unknown
    /// The patients in both, sorted; empty means that none is shared.
    case patients([PatientID])
  }

  public func overlap(with patients: some Sequence<PatientID>, _ pseudonyms: Pseudonyms) -> Overlap {
    guard pseudonyms.keyID == keyID else { return .unknown }
    let known = Set(hashes)
    return .patients(Set(patients).filter { known.contains(pseudonyms.patientHash($0)) }.sorted())
  }

  /// nil if the keys differ.
  public func union(_ other: PatientHashes) -> PatientHashes? {
    other.keyID == keyID ? PatientHashes(keyID: keyID, hashes: hashes + other.hashes) : nil
  }
}
