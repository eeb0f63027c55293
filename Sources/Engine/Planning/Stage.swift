import Graphs

/// One or several nodes of a graph that will run together: what fusion works on, before anything has a buffer.
///
/// Lowering makes one stage of each node; passes merge them; then each stage emits its steps, forward in order, backward in reverse.
/// Values are named by the node that yields them.
protocol Stage: Sendable {
  /// The node whose result the stage yields.
  var output: String { get set }
  /// The values it reads, residuals included.
  var inputs: [String] { get }
  /// Parameters of its nodes, for finding out what trains.
  var parameters: [ParameterID] { get }
  /// Reads `new` wherever it read `old`.
  mutating func redirect(_ old: String, to new: String)
  func emitForward(_ plan: inout PlanBuilder)
  /// Called where the output needs a gradient.
  func emitBackward(_ plan: inout PlanBuilder)
}

extension Stage {
  var parameters: [ParameterID] { [] }
}

/// The stages of a program in the making, with what passes must respect.
struct StageList {
  var stages: [any Stage]
  /// Each value's shape for one image.
  let shapes: [String: FeatureShape]
  /// Values that leave the graph and must exist as such.
  let outputs: Set<String>
  /// Values whose moments are reported.
  let observed: Set<String>
  /// Parameters that train; empty unless gradients are wanted.
  let trainable: Set<ParameterID>

  func isKept(_ value: String) -> Bool { outputs.contains(value) || observed.contains(value) }

  /// For each value, the positions of the stages that read it, once per read.
  var readers: [String: [Int]] {
    var readers: [String: [Int]] = [:]
    for (position, stage) in stages.enumerated() { for input in stage.inputs { readers[input, default: []].append(position) } }
    return readers
  }

  /// For each value, the position of the stage that yields it.
  var producers: [String: Int] {
    Dictionary(uniqueKeysWithValues: stages.enumerated().map { ($1.output, $0) })
  }

  mutating func redirectAll(_ old: String, to new: String) {
    for position in stages.indices { stages[position].redirect(old, to: new) }
  }
}
