import Graphs

/// Where the caller's maps enter: they are read where they stand, never copied, never written.
struct InputStage: Stage {
  var output: String
  var inputs: [String] { [] }

  mutating func redirect(_ old: String, to new: String) {}

  func emitForward(_ plan: inout PlanBuilder) {
    plan.place(output, at: plan.map(plan.shape(of: output), home: .input(output)))
  }

  func emitBackward(_ plan: inout PlanBuilder) {}
}
