import Graphs

extension Graph {
  /// What trains when a strategy moves the parameters that `backbone` picks below the feature vector, and the head as the policy says.
  ///
  /// Nil where nothing would.
  func trainablePlan(head: HeadPolicy, backbone: (ParameterDeclaration) -> Bool) -> TrainablePlan? {
    let headIDs = Set(headParameters.map(\.id))
    var chosen = Set(parameters.filter { $0.role != .buffer && !headIDs.contains($0.id) && backbone($0) }.map(\.id))
    if head.trains {
      let last = classifier?.name
      // Other layers of the head would move the old classes' logits.
      let isNewRowsOnly = if case .extend(let form) = head { form.trains == .new } else { false }
      chosen.formUnion(headParameters.filter { $0.role != .buffer && (!isNewRowsOnly || $0.id.path == last) }.map(\.id))
    }
    return try? TrainablePlan(trainable: chosen)
  }

  /// The graph with every normalization drawing from `source` while training, and none updating its stored statistics along the way.
  package func training(from source: NormalizationOperator.Source) -> Graph {
    mapNormalizations { _, operation in
      var changed = operation
      changed.trainingSource = source
      changed.updatesStored = nil
      return changed
    }
  }

  /// The graph with each normalization's training mode as `other` has it, where it has the node: what a model on disk carries isn't
  /// how it was last trained.
  func trainingModes(of other: Graph) -> Graph {
    let modes = Dictionary(uniqueKeysWithValues: other.normalizations.map { ($0.name, $0.operation) })
    return mapNormalizations { name, operation in
      guard let mode = modes[name], operation.keepsStatistics else { return operation }
      var changed = operation
      changed.trainingSource = mode.trainingSource
      changed.updatesStored = mode.updatesStored
      return changed
    }
  }

  /// Normalizations with stored statistics whose input depends on something that trains: theirs are stale after training.
  func normalizationsMoved(by plan: TrainablePlan) -> [String] {
    var moved: Set<String> = []
    var stale: [String] = []
    for node in nodes {
      let inputMoved = node.inputs.contains(where: moved.contains)
      if inputMoved, case .normalization(let operation) = node.operation, operation.keepsStatistics { stale.append(node.name) }
      if inputMoved || node.operation.parameters(at: node.name).contains(where: { plan.trains($0.id) }) { moved.insert(node.name) }
    }
    return stale
  }

  /// Whether some normalization's result depends on the other scans of its batch while training.
  var usesBatchStatisticsWhileTraining: Bool {
    normalizations.contains { $0.operation.keepsStatistics && $0.operation.trainingSource == .batch }
  }
}
