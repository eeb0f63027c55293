import Graphs
import Tensors

/// A state dict held against what a graph declares: what fits, and every key that doesn't.
struct ParameterMatching {
  private(set) var missing: [String] = []
  private(set) var unexpected: [String] = []
  private(set) var mismatched: [KeyMismatch] = []
  private let graph: Graph
  private let stateDict: StateDict

  /// - Parameter ignoring: keys that don't count, on either side.
  init(_ graph: Graph, _ stateDict: StateDict, ignoring: (String) -> Bool = { _ in false }) {
    self.graph = graph
    self.stateDict = stateDict
    var known: Set<String> = []
    for declaration in graph.parameters {
      let key = declaration.id.description
      known.insert(key)
      if ignoring(key) { continue }
      guard let stored = stateDict.tensors[key] else {
        missing.append(key)
        continue
      }
      if stored.shape != declaration.shape || !stored.elementType.isFloatingPoint {
        mismatched.append(
          KeyMismatch(
            key: key, expected: "\(declaration.shape) of floating point", found: "\(stored.shape) of \(stored.elementType.rawValue)"))
      }
    }
    for (name, operation) in graph.normalizations where operation.keepsStatistics {
      let key = "\(name).num_batches_tracked"
      known.insert(key)
      if let stored = stateDict.tensors[key], stored.elementType.isFloatingPoint || stored.shape.count != 1 {
        mismatched.append(KeyMismatch(key: key, expected: "one integer", found: "\(stored.shape) of \(stored.elementType.rawValue)"))
      }
    }
    unexpected = Array(stateDict.tensors.keys).filter { !known.contains($0) && !ignoring($0) }
  }

  var fits: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  var differences: Int { missing.count + unexpected.count + mismatched.count }

  /// Fills what fits.
  /// - Throws: the first key with a value that no network can use.
  func fill(_ parameters: inout Parameters, skipping: (String) -> Bool = { _ in false }) throws(UnusableValue) -> [LoadingNote] {
    var conversions: [ElementType: Int] = [:]
    for declaration in graph.parameters {
      let key = declaration.id.description
      guard !skipping(key), let stored = stateDict.tensors[key] else { continue }
      let tensor = stored.decodedTensor()
      let isVariance = declaration.id.field == "running_var"
      let isUsable = tensor.withUnsafeBuffer { $0.allSatisfy { $0.isFinite && (!isVariance || $0 >= 0) } }
      guard isUsable else {
        throw UnusableValue(key: key, expected: isVariance ? "finite variances that aren't negative" : "finite values")
      }
      parameters[declaration.id] = tensor
      if stored.elementType != .float32 { conversions[stored.elementType, default: 0] += 1 }
    }
    var isCounted = false
    for (name, operation) in graph.normalizations where operation.keepsStatistics {
      guard let count = stateDict.tensors["\(name).num_batches_tracked"]?.decodedIntegers()?.first else { continue }
      parameters.batchesTracked[name] = count
      isCounted = true
    }
    var notes = conversions.sorted { $0.key.rawValue < $1.key.rawValue }.map { LoadingNote.converted(from: $0.key, count: $0.value) }
    if !isCounted, graph.normalizations.contains(where: { $0.operation.keepsStatistics }) { notes.append(.noBatchCounts) }
    return notes
  }
}

/// A key whose tensor isn't what the network needs.
public struct KeyMismatch: Hashable, Sendable {
  public let key: String
  public let expected: String
  public let found: String
}

/// A key with NaN, infinity, or a negative variance.
public struct UnusableValue: Error, Hashable, Sendable {
  public let key: String
  public let expected: String
}
