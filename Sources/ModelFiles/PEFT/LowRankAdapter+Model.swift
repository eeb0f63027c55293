import Graphs
import OrderedCollections
import Tensors

extension LowRankAdapter {
  /// The network with the adapter merged into it, and its card.
  ///
  /// - Throws: `AdapterError` for another network than the one it was trained on, a layer the network doesn't have, or another shape;
  ///   `ModelConsistencyError`.
  public func applied(to base: Model) throws -> Model {
    if let origin { try check(origin, against: base) }
    var graph = base.graph
    if let labels = origin?.card.labels, labels.count != base.card.labels.count {
      // The head goes along whole.
      graph = graph.replacingClasses(with: labels.count) ?? graph
    }
    var values = base.parameters.matching(graph.parameters)
    for layer in layers { values[layer.path, "weight"] = try merged(layer, in: graph, values) }
    for (id, tensor) in replaced {
      guard values.contains(id) else { throw error(.unknownParameter("\(id)")) }
      guard values.shape(of: id) == tensor.shape else {
        throw error(.shape(key: "\(id)", expected: "\(values.shape(of: id))", found: "\(tensor.shape)"))
      }
      values[id] = tensor
    }
    for (path, count) in batchesTracked {
      guard values.contains(ParameterID(path: path, field: "running_mean")) else {
        throw error(.unknownParameter("\(path).num_batches_tracked"))
      }
      values.batchesTracked[path] = count
    }
    return try Model(graph: graph, parameters: values, card: card(on: base))
  }

  private func check(_ origin: Origin, against base: Model) throws(AdapterError) {
    let found = base.backboneHash
    guard found == origin.backboneHash else { throw error(.otherBackbone(expected: origin.backboneHash.hex, found: found.hex)) }
    for (name, operation) in base.graph.normalizations {
      guard let epsilon = origin.epsilons[name], epsilon == operation.epsilon else {
        let expected = origin.epsilons[name].map { "\($0)" } ?? "none of that name"
        throw error(.otherEpsilon(layer: name, expected: expected, found: "\(operation.epsilon)"))
      }
    }
  }

  private func merged(_ layer: Layer, in graph: Graph, _ values: Parameters) throws(AdapterError) -> Tensor {
    let id = ParameterID(path: layer.path, field: "weight")
    guard let node = graph[layer.path], values.contains(id) else { throw error(.unknownLayer(layer.path)) }
    let rank = layer.a.shape[0]
    if let obstacle = LowRankUpdate.obstacle(at: node, rank: rank) { throw error(.impossible(layer: layer.path, reason: obstacle)) }
    let weight = values[id]
    let groups = if case .convolution(let data) = node.operation { data.groups } else { 1 }
    let b = weight.shape.rank == 4 ? [weight.shape[0], rank / groups, 1, 1] : [weight.shape[0], rank]
    guard layer.b.shape == Shape(b) else {
      throw error(.shape(key: "\(layer.path).lora_B.weight", expected: "\(Shape(b))", found: "\(layer.b.shape)"))
    }
    let a = try narrowed(layer, like: weight, groups: groups)
    return LowRankUpdate.merged(weight: weight, a: a, b: layer.b, scale: layer.scale, groups: groups)
  }

  /// A in the shape of `LowRankUpdate`: PEFT's of a grouped convolution reads every group, and can be merged only where it is zero
  /// outside its own, as ours is.
  private func narrowed(_ layer: Layer, like weight: Tensor, groups: Int) throws(AdapterError) -> Tensor {
    let rank = layer.a.shape[0]
    let extents = Array(weight.shape.dimensions.dropFirst())
    if layer.a.shape == Shape([rank] + extents) { return layer.a }
    let wide = Shape([rank, extents[0] * groups] + extents.dropFirst())
    guard layer.a.shape == wide else {
      throw error(.shape(key: "\(layer.path).lora_A.weight", expected: "\(wide)", found: "\(layer.a.shape)"))
    }
    guard let narrow = GroupedFactor.narrowed(layer.a, groups: groups) else {
      throw error(.impossible(layer: layer.path, reason: "its lora_A reads across the convolution's \(groups) groups"))
    }
    return narrow
  }

  private func card(on base: Model) -> ModelCard {
    if let origin { return origin.card.card }
    var card = base.card
    card.fittedPatients = FittedPatients(isComplete: false, groups: card.fittedPatients.groups)
    card.provenance.append("low-rank adapter" + (source.map { " of sha256 \($0.hash.hex)" } ?? ""))
    return card
  }

  private func error(_ reason: AdapterError.Reason) -> AdapterError { AdapterError(file: source?.file ?? "the adapter", reason: reason) }
}

/// The matrix A of a grouped convolution in two shapes: [rank, I/groups, kh, kw] here, [rank, I, kh, kw] in PEFT.
enum GroupedFactor {
  /// Zero outside each row's group.
  static func widened(_ a: Tensor, groups: Int) -> Tensor {
    let (rank, channels, area) = extents(a)
    let old = a.values
    var wide = Tensor(shape: Shape([rank, channels * groups] + a.shape.dimensions.dropFirst(2)))
    wide.withUnsafeMutableBuffer { values in
      for row in 0..<rank {
        let start = (row * channels * groups + row / (rank / groups) * channels) * area
        for index in 0..<(channels * area) { values[start + index] = old[row * channels * area + index] }
      }
    }
    return wide
  }

  /// Nil where a row isn't zero outside its group.
  static func narrowed(_ a: Tensor, groups: Int) -> Tensor? {
    let (rank, channels, area) = extents(a)
    guard rank % groups == 0, channels % groups == 0 else { return nil }
    let width = channels / groups
    let old = a.values
    var narrow = Tensor(shape: Shape([rank, width] + a.shape.dimensions.dropFirst(2)))
    narrow.withUnsafeMutableBuffer { values in
      for row in 0..<rank {
        let start = (row * channels + row / (rank / groups) * width) * area
        for index in 0..<(width * area) { values[row * width * area + index] = old[start + index] }
      }
    }
    return widened(narrow, groups: groups).values == old ? narrow : nil
  }

  private static func extents(_ a: Tensor) -> (rank: Int, channels: Int, area: Int) {
    (a.shape[0], a.shape[1], a.shape.dimensions.dropFirst(2).reduce(1, *))
  }
}
