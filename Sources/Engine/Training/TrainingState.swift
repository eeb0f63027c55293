import CKernels
import Graphs
import Tensors

/// What a training step reports.
public struct StepOutcome: Sendable {
  /// The batch's mean loss, before the step's change of the parameters.
  public let loss: Double
  /// The images (of findings: the known entries) that the loss is a mean over; with none of them nothing has changed.
  public let counted: Int
  /// The network's output for the batch, in training mode.
  public let logits: FeatureMaps
  /// The global L2 norm of all gradients, before clipping.
  public let gradientNorm: Double
}

/// The loss and its gradient at the current parameters.
public struct GradientOutcome: Sendable {
  public let loss: Double
  public let logits: FeatureMaps
  /// For everything that trains, in the parameter's own shape.
  public let gradients: [ParameterID: Tensor]
}

/// A network in training: the one owner of its parameters, which steps change in place.
public struct TrainingState: ~Copyable {
  private let graph: Graph
  private let inputs: [String: FeatureShape]
  private let instructionSet: InstructionSet
  private let plan: TrainablePlan
  private let purpose: Purpose
  private let loss: Loss
  private let seed: UInt64
  private let crew: ThreadPool
  private let bound: BoundParameters
  private let workspace = Workspace()
  private var programs: [Int: Program]
  private var update: ParameterUpdate

  /// - Parameters:
  ///   - parameters: values for at least what the graph declares; all of them come back from `finish`.
  ///   - plan: what trains.
  ///   - startingPoint: what the optimizer's L2-SP penalty pulls to; parameters that it lacks aren't pulled.
  ///   - inputs: the shape fed at each input node; the graph may be a cut whose inputs are features.
  ///   - seed: dropout's masks are a function of (seed, step index, layer).
  ///   - threads: all processors where nil. Any number gives the same bits.
  ///   - instructionSet: one that this machine has.
  public init(
    graph: Graph, parameters: consuming Parameters, plan: TrainablePlan, loss: Loss, optimizer: Optimizer,
    startingPoint: Parameters? = nil, inputs: [String: FeatureShape], seed: UInt64, threads: Int? = nil,
    instructionSet: InstructionSet = .best
  ) throws(PlanError) {
    try parameters.check(for: graph)
    let purpose = Purpose.gradients(of: loss, for: plan)
    let first = try ProgramCache.program(graph: graph, inputs: inputs, batch: 1, purpose: purpose, instructionSet: instructionSet)
    self.graph = graph
    self.inputs = inputs
    self.instructionSet = instructionSet
    self.plan = plan
    self.loss = loss
    self.seed = seed
    self.purpose = purpose
    crew = ThreadPool.shared(threads: threads)
    programs = [1: first]
    let trainable = graph.parameters.filter { plan.trains($0.id) }
    bound = BoundParameters(parameters, trainable: trainable)
    update = ParameterUpdate(optimizer, trainable: trainable, plan: plan, startingPoint: startingPoint)
  }

  /// One forward pass, backward pass and change of the parameters (and of running statistics, where a normalization updates them).
  ///
  /// - Parameters:
  ///   - targets: of the loss's form.
  ///   - stepIndex: the number of this step in the whole run; it keys dropout and is named in errors.
  /// - Throws: `RunError`, and then nothing has changed.
  public mutating func step(
    _ inputs: [String: FeatureMaps], targets: Targets, learningRate: Double, stepIndex: Int
  ) throws(RunError) -> StepOutcome {
    let (pass, program) = try differentiate(inputs, targets: targets, stepIndex: stepIndex)
    guard pass.counted > 0 else { return StepOutcome(loss: pass.loss, counted: 0, logits: pass.logits, gradientNorm: 0) }
    let trained = plan.trainable
    let norm = try crew.withPool { (pool) throws(RunError) -> Double in
      let norm = update.gradientNorm(bound, pool: pool)
      guard norm.isFinite else { throw .nonFinite(step: stepIndex, node: nil) }
      update.apply(to: bound, learningRate: learningRate, gradientNorm: norm, pool: pool)
      for statistics in program.statisticsUpdates { bound.values.take(statistics, images: program.images, at: pass.addresses) }
      bound.refresh(trained: trained, pool: pool)
      return norm
    }
    return StepOutcome(loss: pass.loss, counted: pass.counted, logits: pass.logits, gradientNorm: norm)
  }

  /// The gradients that `step` would use, unclipped; changes nothing.
  public mutating func gradients(
    _ inputs: [String: FeatureMaps], targets: Targets, stepIndex: Int
  ) throws(RunError) -> GradientOutcome {
    let (pass, _) = try differentiate(inputs, targets: targets, stepIndex: stepIndex)
    let gradients = Dictionary(uniqueKeysWithValues: bound.gradients.ids.map { ($0, bound.gradients[$0]) })
    return GradientOutcome(loss: pass.loss, logits: pass.logits, gradients: gradients)
  }

  /// A snapshot of the current values.
  public var parameters: Parameters { bound.values }

  /// For checkpoints; setting it continues from one.
  public var optimizerState: OptimizerState {
    get { update.state }
    set { update.state = newValue }
  }

  /// The present values of some parameters that train, with what the optimizer remembers of them.
  public func slice(of ids: Set<ParameterID>) -> TrainedSlice {
    TrainedSlice(values: Dictionary(uniqueKeysWithValues: ids.map { ($0, bound.values[$0]) }), slots: update.slots(of: ids))
  }

  /// Takes these values, and what is remembered of them, in place of the present ones, which it returns.
  ///
  /// Several sets of the same parameters can take turns so. The optimizer's step count is common to all.
  public mutating func exchange(for slice: TrainedSlice) -> TrainedSlice {
    let ids = Set(slice.values.keys)
    precondition(ids.isSubset(of: plan.trainable), "a slice of parameters that don't train: \(ids.subtracting(plan.trainable).sorted())")
    let present = self.slice(of: ids)
    for (id, value) in slice.values { bound.values[id] = value }
    update.setSlots(slice.slots, of: ids)
    let bound = bound
    crew.withPool { bound.refresh(trained: ids, pool: $0) }
    return present
  }

  /// The steps for a batch of this size, printable.
  public mutating func program(batch: Int) -> Program {
    if let known = programs[batch] { return known }
    // The graph and its shapes passed when the first program was made; the batch size can't make them fail.
    let program = try! ProgramCache.program(
      graph: graph, inputs: inputs, batch: batch, purpose: purpose, instructionSet: instructionSet)
    programs[batch] = program
    return program
  }

  /// Ends training and returns the values.
  public consuming func finish() -> Parameters { bound.values }

  private struct Pass {
    let loss: Double
    let counted: Int
    let logits: FeatureMaps
    let addresses: [UnsafeMutableRawPointer?]
  }

  private mutating func differentiate(
    _ inputs: [String: FeatureMaps], targets: Targets, stepIndex: Int
  ) throws(RunError) -> (Pass, Program) {
    let images = try self.inputs.checkedCount(of: inputs)
    let program = program(batch: images)
    let indices = try targets.checked(for: loss, images: images, classes: program.outputs[0].shape.channels)
    if let name = program.singleValued { throw .singleValue(normalization: name) }
    let logits = FeatureMaps(uninitializedCount: images, shape: program.outputs[0].shape)
    let outputs = [program.outputs[0].name: logits]
    let (workspace, bound, seed) = (workspace, bound, seed)
    return try crew.withPool { (pool) throws(RunError) -> (Pass, Program) in
      bound.prepare(for: program, pool: pool)
      let addresses = workspace.run(
        program, inputs: inputs, outputs: outputs, parameters: bound, pool: pool, seed: seed, stepIndex: stepIndex, targets: indices)
      let values = addresses[program.lossBuffer!.index]!.assumingMemoryBound(to: Double.self)
      let (loss, counted) = (values[0], Int(values[1]))
      guard loss.isFinite else {
        let node = workspace.firstNonFinite(
          program, inputs: inputs, outputs: outputs, parameters: bound, pool: pool, seed: seed, stepIndex: stepIndex, targets: indices)
        throw .nonFinite(step: stepIndex, node: node)
      }
      return (Pass(loss: loss, counted: counted, logits: logits, addresses: addresses), program)
    }
  }
}
