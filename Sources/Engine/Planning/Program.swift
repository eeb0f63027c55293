import CKernels
import Graphs

/// A graph compiled for a purpose, an input shape and a batch size: an immutable list of steps over one planned arena.
public struct Program: Sendable, CustomStringConvertible {
  /// The batch's size.
  public let images: Int
  /// What its convolutions are planned for.
  public let instructionSet: InstructionSet
  let steps: [any Step]
  let buffers: [Buffer]
  let arena: ArenaPlan
  let packings: [PackedWeights]
  let affines: [StoredAffine]
  let statisticsUpdates: [StatisticsUpdate]
  let reports: [Report]
  let outputs: [(name: String, shape: FeatureShape)]
  /// A normalization that would take statistics of a single value per channel.
  let singleValued: String?
  /// Where a gradient program leaves the loss.
  let lossBuffer: BufferID?
  /// How many of the steps are the forward pass.
  let forwardCount: Int

  struct Report: Sendable {
    let name: String
    let moments: MomentsReference
    let pixels: Int
  }

  /// - Throws: `PlanError` where shapes don't fit, or a name isn't in the graph.
  public init(
    graph: Graph, inputs: [String: FeatureShape], batch: Int, purpose: Purpose, instructionSet: InstructionSet = .best
  ) throws(PlanError) {
    let shapes = try Self.checkedShapes(graph, inputs, purpose)
    var list = StageList(graph: graph, shapes: shapes, purpose: purpose)
    let known = Set(list.stages.flatMap(\.parameters))
    // A parameter that the output doesn't depend on would quietly never train.
    for id in list.trainable.sorted() where !known.contains(id) { throw .notTrainable(id) }
    list.optimize(for: purpose)
    var loss: Loss?
    if case .gradients(let wanted, _) = purpose { loss = wanted }
    var plan = PlanBuilder(list: list, images: batch, loss: loss, instructionSet: instructionSet)
    plan.placeConcatenations()
    plan.findNeededGradients()
    for stage in list.stages { stage.emitForward(&plan) }
    plan.emitObservations()
    plan.emitOutputs(graph.outputs)
    forwardCount = plan.steps.count
    lossBuffer = loss.map { plan.emitLoss($0, logits: graph.outputs[0]) }
    if loss != nil {
      for stage in list.stages.reversed() where plan.needsGradient(stage.output) { stage.emitBackward(&plan) }
    }
    images = batch
    self.instructionSet = instructionSet
    steps = plan.steps.fusingGradientSums().fusingDepthwiseGradients()
    buffers = plan.buffers
    packings = plan.packings
    affines = plan.affines
    statisticsUpdates = plan.statisticsUpdates
    reports = plan.reports.map { Report(name: $0.name, moments: $0.moments, pixels: shapes[plan.reportedValue($0.name)]!.pixels) }
    // A cut may name an output twice.
    outputs = graph.outputs.enumerated().filter { graph.outputs.firstIndex(of: $1) == $0 }.map { ($1, shapes[$1]!) }
    singleValued = plan.singleValued
    arena = ArenaPlan(buffers: plan.buffers, steps: steps)
  }

  private static func checkedShapes(
    _ graph: Graph, _ inputs: [String: FeatureShape], _ purpose: Purpose
  ) throws(PlanError) -> [String: FeatureShape] {
    let shapes: [String: FeatureShape]
    do { shapes = try graph.shapes(inputs: inputs) } catch { throw .graph(error) }
    switch purpose {
    case .statistics: break
    case .inference(let observed):
      for name in observed.sorted() where graph[name] == nil { throw .unknownNode(name) }
    case .gradients: guard graph.outputs.count == 1 else { throw .outputs(graph.outputs) }
    }
    return shapes
  }

  /// The arena's size in bytes: the most that is alive at once.
  public var peakBytes: Int { arena.byteCount }

  /// Multiplications and additions of the direct algorithms, for the whole batch.
  public var floatingPointOperations: Double { steps.reduce(0) { $0 + $1.floatingPointOperations } }
}

extension PlanBuilder {
  /// Moments of observed values that no convolution has reported on the way.
  mutating func emitObservations() {
    for name in list.observed.sorted() where !reports.contains(where: { $0.name == name }) { report(moments(of: name), as: name) }
  }

  /// Results that stand elsewhere (an input, a slice of a wider buffer) are copied out.
  mutating func emitOutputs(_ outputs: [String]) {
    for name in outputs {
      let home = home(of: name)
      guard buffers[home.buffer.index].home != .output(name) else { continue }
      let copy = map(home.shape, home: .output(name))
      emit(ScalingStep(node: name, output: copy, input: home, factor: 1, mode: SA_WRITES, images: images))
    }
  }

  mutating func emitLoss(_ loss: Loss, logits: String) -> BufferID {
    let value = buffer(bytes: 2 * MemoryLayout<Double>.stride, livesToEnd: true)
    let (place, _) = contribution(to: logits)
    emit(LossStep(node: logits, loss: loss, logits: home(of: logits), gradient: place, value: value, images: images))
    return value
  }

  /// The value whose moments are reported under `name`: the input of a normalization in a statistics pass, else the node itself.
  func reportedValue(_ name: String) -> String {
    for case let stage as NormalizationStage in list.stages where stage.path == name && stage.reportsInput { return stage.input }
    return name
  }
}
