/// Why a norm pack can't be read or used.
public struct NormPackError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// A safetensors file without a pack's description.
    case notANormPack
    /// The description isn't one, or lacks something a pack must carry.
    case malformed(String)
    case newerFormat(expected: Int, found: Int)
    /// A tensor the description needs isn't there, or has another shape or number format.
    case tensor(key: String, expected: String, found: String)
    /// A tensor nothing describes.
    case unexpectedTensor(String)
    /// A value that isn't a finite number, or a negative variance.
    case impossibleValue(String)
    case otherBackbone(expected: String, found: String)
    case otherPreprocessing(expected: String, found: String)
    case otherLayers(expected: [String], found: [String])
  }

  public let file: String
  public let reason: Reason

  public init(file: String, reason: Reason) {
    self.file = file
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .notANormPack: "\(file): found a safetensors file without '\(NormPack.metadataKey)'; expected a norm pack"
    case .malformed(let what): "\(file): the norm pack's description is malformed: \(what)"
    case .newerFormat(let expected, let found):
      "\(file): found norm pack format \(found); expected at most \(expected): a newer scanadapt wrote it"
    case .tensor(let key, let expected, let found): "\(file): found '\(key)' as \(found); expected \(expected)"
    case .unexpectedTensor(let key): "\(file): found '\(key)', which belongs to none of the pack's layers"
    case .impossibleValue(let key):
      "\(file): found a value in '\(key)' that is not a number or a negative variance; expected finite statistics"
    case .otherBackbone(let expected, let found):
      "\(file): found a norm pack for the backbone \(found.prefix(12)); expected one for this model's, \(expected.prefix(12)): "
        + "the weights differ, so these statistics would be wrong"
    case .otherPreprocessing(let expected, let found):
      "\(file): found a norm pack for scans prepared with '\(found)'; expected this model's '\(expected)'"
    case .otherLayers(let expected, let found):
      "\(file): found a norm pack for \(found.count) normalizations; expected this model's \(expected.count), of the same names and channels"
    }
  }
}
