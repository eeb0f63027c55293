/// Why a low-rank adapter can't be read, or can't be merged into a network.
public struct AdapterError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case malformed(String)
    case newerFormat(expected: Int, found: Int)
    /// A PEFT adapter that isn't `W + s B A`.
    case otherKind(String)
    case noLayers
    /// One of the two matrices is missing.
    case halfLayer(String)
    case impossibleValue(String)
    case unknownLayer(String)
    case unknownParameter(String)
    case shape(key: String, expected: String, found: String)
    case impossible(layer: String, reason: String)
    case otherBackbone(expected: String, found: String)
    case otherEpsilon(layer: String, expected: String, found: String)
  }

  public let file: String
  public let reason: Reason

  public var description: String {
    switch reason {
    case .malformed(let problem): "\(file): the adapter's description is malformed: \(problem)"
    case .newerFormat(let expected, let found):
      "\(file): found adapter format \(found); expected at most \(expected): a newer scanadapt wrote it"
    case .otherKind(let kind): "\(file): found \(kind); expected a plain low-rank adapter (peft_type LORA)"
    case .noLayers: "\(file): found no layer's lora_A and lora_B; expected at least one"
    case .halfLayer(let layer): "\(file): found only one of lora_A and lora_B for '\(layer)'; expected both"
    case .impossibleValue(let key): "\(file): '\(key)' holds NaN, infinity or a negative variance; expected finite values"
    case .unknownLayer(let layer): "\(file): is for a layer '\(layer)', which this network doesn't have"
    case .unknownParameter(let key): "\(file): found '\(key)', which is neither a low-rank matrix nor a parameter of this network"
    case .shape(let key, let expected, let found): "\(file): '\(key)' is \(found); this network needs \(expected)"
    case .impossible(let layer, let reason): "\(file): can't be merged into '\(layer)': \(reason)"
    case .otherBackbone(let expected, let found):
      "\(file): was trained on the network \(expected.prefix(12)); found \(found.prefix(12)), whose weights differ"
    case .otherEpsilon(let layer, let expected, let found):
      "\(file): was trained with the epsilon \(expected) in '\(layer)'; found \(found)"
    }
  }
}
