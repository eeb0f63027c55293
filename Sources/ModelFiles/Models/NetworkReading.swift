import Graphs

/// A published network fitted to a state dict: the image's channels from the first convolution's weight, the head from its keys.
struct NetworkReading {
  let architecture: Architecture
  let graph: Graph
  let notes: [LoadingNote]

  /// - Throws: `ModelFileError` where the stem or the head can't be read.
  init(_ stateDict: StateDict, as architecture: Architecture, options: ModelLoadingOptions) throws(ModelFileError) {
    self.architecture = architecture
    let file = stateDict.file
    let stemKey = "\(architecture.stemPath).weight"
    guard let stem = stateDict.tensors[stemKey], stem.shape.rank == 4, (1...(1 << 20)).contains(stem.shape[1]) else {
      let unexpected = Array(stateDict.tensors.keys)
      throw ModelFileError(file, .keys(architecture: architecture.rawValue, missing: [stemKey], unexpected: unexpected, mismatched: []))
    }
    var head = architecture.standardHead(classes: 1)
    var notes: [LoadingNote] = []
    do throws(HeadReading.Failure) {
      let reading = try HeadReading(stateDict, path: architecture.headPath, standard: head)
      head = reading.head
      if let assumption = reading.assumption { notes.append(.assumedHead(assumption)) }
    } catch {
      // A fresh head doesn't need the stored one.
      if case .stored = options.head {
        let key = if case .unreadable(let key) = error { key } else { "\(architecture.headPath).weight" }
        throw ModelFileError(file, .unreadableHead(key: key))
      }
    }
    if case .fresh(let labels, _) = options.head { head = head.withClasses(max(labels.count, 1)) }
    graph = architecture.graph(inputChannels: stem.shape[1], head: head, epsilon: options.epsilon)
    self.notes = notes
  }

  /// Whether a key belongs to the head.
  func isHeadKey(_ key: String) -> Bool { key.hasPrefix("\(architecture.headPath).") }

  /// The only published network that the keys and shapes fit.
  static func inferred(from stateDict: StateDict, options: ModelLoadingOptions) throws(ModelFileError) -> NetworkReading {
    let ignoresHead = if case .fresh = options.head { true } else { false }
    var fitting: [NetworkReading] = []
    var closest: (architecture: Architecture, differences: Int)?
    var headFailure: ModelFileError?
    for architecture in Architecture.allCases {
      let reading: NetworkReading
      do throws(ModelFileError) {
        reading = try NetworkReading(stateDict, as: architecture, options: options)
      } catch {
        if case .unreadableHead = error.reason { headFailure = headFailure ?? error }
        continue
      }
      let matching = ParameterMatching(reading.graph, stateDict, ignoring: ignoresHead ? reading.isHeadKey : { _ in false })
      if matching.fits { fitting.append(reading) }
      if matching.differences < closest?.differences ?? .max { closest = (architecture, matching.differences) }
    }
    switch fitting.count {
    case 1: return fitting[0]
    case 0:
      if closest == nil, let headFailure { throw headFailure }
      throw ModelFileError(
        stateDict.file, .unknownArchitecture(closest: closest?.architecture, differences: closest?.differences ?? 0))
    default: throw ModelFileError(stateDict.file, .severalArchitectures(fitting.map(\.architecture)))
    }
  }
}
