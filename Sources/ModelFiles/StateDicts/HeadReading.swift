import Graphs

/// A head read from the keys below its path.
struct HeadReading {
  let head: Head
  /// In words, where layers without weights had to be assumed.
  let assumption: String?

  enum Failure: Error {
    case missing
    /// A key or a gap that no known head has.
    case unreadable(String)
  }

  /// - Parameter standard: the published head, whose layers are used where its linear layers stand at the same places.
  init(_ stateDict: StateDict, path: String, standard: Head) throws(Failure) {
    if let weight = stateDict.tensors["\(path).weight"] {
      head = .linear(outputs: try Self.outputs(of: weight, "\(path).weight"), hasBias: stateDict.tensors["\(path).bias"] != nil)
      assumption = nil
      return
    }
    var linears: [Int: HeadLayer] = [:]
    for (key, tensor) in stateDict.tensors where key.hasPrefix("\(path).") {
      let rest = key.dropFirst(path.count + 1).split(separator: ".")
      guard rest.count == 2, let index = Int(rest[0]), (0..<32).contains(index), "\(index)" == rest[0] else { throw .unreadable(key) }
      if rest[1] == "bias", stateDict.tensors["\(path).\(index).weight"] != nil { continue }
      guard rest[1] == "weight" else { throw .unreadable(key) }
      linears[index] = .linear(outputs: try Self.outputs(of: tensor, key), hasBias: stateDict.tensors["\(path).\(index).bias"] != nil)
    }
    guard let last = linears.keys.max() else { throw .missing }
    var layers: [HeadLayer] = []
    var isAssumed = false
    if case .sequential(let published) = standard, published.indices.filter({ Self.isLinear(published[$0]) }) == linears.keys.sorted() {
      layers = published.indices.map { linears[$0] ?? published[$0] }
    } else {
      let dropout = HeadLayer.dropout(probability: 0.5)
      var previous: Int?
      for index in linears.keys.sorted() {
        let gap = index - (previous ?? -1) - 1
        guard gap <= 2 else { throw .unreadable("\(path).\(index).weight") }
        // Before the first linear layer only dropout makes a difference: pooled features are what they are. Between two, ReLU then dropout.
        let between: [HeadLayer] = previous == nil ? [dropout, dropout] : [.relu, dropout]
        layers += between.prefix(gap)
        layers.append(linears[index]!)
        isAssumed = isAssumed || gap > 0
        previous = index
      }
    }
    precondition(layers.count == last + 1, "every index up to the last has a layer")
    head = .sequential(layers)
    assumption = isAssumed ? Self.words(layers) : nil
  }

  private static func isLinear(_ layer: HeadLayer) -> Bool { if case .linear = layer { true } else { false } }

  private static func outputs(of weight: StoredTensor, _ key: String) throws(Failure) -> Int {
    guard weight.shape.rank == 2, (1...(1 << 20)).contains(weight.shape[0]) else { throw .unreadable(key) }
    return weight.shape[0]
  }

  private static func words(_ layers: [HeadLayer]) -> String {
    let words = layers.map { layer in
      switch layer {
      case .dropout(let probability): "dropout \(probability)"
      case .relu: "ReLU"
      case .linear(let outputs, _): "linear to \(outputs)"
      }
    }
    return "Sequential(\(words.joined(separator: ", ")))"
  }
}
