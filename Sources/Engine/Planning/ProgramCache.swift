import Graphs
import Synchronization

/// Programs that were compiled in this process, by everything that decides them: validation after every epoch, and each fold of a
/// cross-validation, meet the same graph at the same shapes again.
enum ProgramCache {
  private struct Key: Hashable {
    let graph: Graph
    let inputs: [String: FeatureShape]
    let batch: Int
    let purpose: Purpose
    let instructionSet: InstructionSet
  }

  /// The newest are kept; a program is a list of steps, and holds no weights or maps.
  private static let limit = 64
  private static let known = Mutex<(programs: [Key: Program], order: [Key])>(([:], []))

  static func program(
    graph: Graph, inputs: [String: FeatureShape], batch: Int, purpose: Purpose, instructionSet: InstructionSet
  ) throws(PlanError) -> Program {
    let key = Key(graph: graph, inputs: inputs, batch: batch, purpose: purpose, instructionSet: instructionSet)
    if let program = known.withLock({ $0.programs[key] }) { return program }
    let program = try Program(graph: graph, inputs: inputs, batch: batch, purpose: purpose, instructionSet: instructionSet)
    known.withLock { known in
      if known.programs.updateValue(program, forKey: key) == nil { known.order.append(key) }
      if known.order.count > limit { known.programs[known.order.removeFirst()] = nil }
    }
    return program
  }
}
