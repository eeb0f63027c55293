/// Which parameters train, said once. Everything else is frozen, and what is below the lowest of them needs no gradient.
///
/// Which statistics each normalization uses and whether it updates them is structure, in `NormalizationOperator`.
public struct TrainablePlan: Hashable, Sendable, Codable {
  public let trainable: Set<ParameterID>
  /// Factors on the learning rate; 1 where absent (discriminative learning rates).
  public var learningRateFactors: [ParameterID: Float]
  /// Of these parameters, so many first rows (outputs) stay as they are, to the bit, whatever the optimizer: an extended head's old classes.
  public var keptRows: [ParameterID: Int]

  /// What a plan can't be.
  public enum Failure: Error, Hashable, Sendable {
    /// Nothing would train: a selector matched no parameter.
    case nothingTrains
  }

  public init(trainable: Set<ParameterID>, learningRateFactors: [ParameterID: Float] = [:], keptRows: [ParameterID: Int] = [:])
    throws(Failure)
  {
    guard !trainable.isEmpty else { throw .nothingTrains }
    self.trainable = trainable
    self.learningRateFactors = learningRateFactors
    self.keptRows = keptRows
  }

  public func trains(_ id: ParameterID) -> Bool { trainable.contains(id) }

  /// Which of a parameter's values move: those behind the kept rows; empty where it doesn't train.
  public func movingValues(of parameter: ParameterDeclaration) -> Range<Int> {
    let count = parameter.shape.count
    guard trains(parameter.id) else { return 0..<0 }
    let kept = keptRows[parameter.id] ?? 0
    precondition(kept == 0 || kept < parameter.shape[0], "\(kept) rows of \(parameter.id) kept; it has \(parameter.shape)")
    return (kept == 0 ? 0 : kept * (count / parameter.shape[0]))..<count
  }
}

extension Graph {
  /// The longest prefix that is the same in every step: nodes at or above which nothing trains, uses batch statistics over
  /// several images, updates statistics, or is random. Returned as the set of node names.
  public func frozenPrefix(under plan: TrainablePlan) -> Set<String> {
    var frozen: Set<String> = []
    for node in nodes where node.inputs.allSatisfy(frozen.contains) && !changesBetweenSteps(node, plan) { frozen.insert(node.name) }
    return frozen
  }

  private func changesBetweenSteps(_ node: Node, _ plan: TrainablePlan) -> Bool {
    if node.operation.parameters(at: node.name).contains(where: { plan.trains($0.id) }) { return true }
    switch node.operation {
    case .dropout(let dropout): return dropout.probability > 0
    case .normalization(let normalization):
      let dependsOnBatch = normalization.keepsStatistics && normalization.trainingSource == .batch
      return dependsOnBatch || (normalization.keepsStatistics && normalization.updatesStored != nil)
    default: return false
    }
  }
}
