import CKernels
import Foundation
import Graphs
import Tensors

/// Runs a graph with given parameters for one purpose, on any number of images at a time.
///
/// Parameters are bound once: folded, packed and kept. One plan per batch size is made and kept. Runs from several threads take turns.
public final class Executor: @unchecked Sendable {
  /// What a run yields.
  public struct Outcome: Sendable {
    /// By output node, in the graph's shapes.
    public let outputs: [String: FeatureMaps]
    /// Per image: of each observed node's output (`.inference`), or of each normalization's input (`.statistics`).
    public let moments: [String: [ChannelMoments]]
  }

  public let graph: Graph
  public let purpose: Purpose
  private let inputs: [String: FeatureShape]
  private let instructionSet: InstructionSet
  private let crew: ThreadPool
  /// Guards what follows.
  private let turn = NSLock()
  private let parameters: BoundParameters
  private let workspace = Workspace()
  private var programs: [Int: Program] = [:]

  /// - Parameters:
  ///   - parameters: values for (at least) everything the graph declares.
  ///   - inputs: the shape that will be fed at each input node.
  ///   - purpose: `.inference` or `.statistics`; training is `TrainingState`'s.
  ///   - threads: all processors where nil. Any number gives the same bits.
  ///   - instructionSet: one that this machine has.
  public init(
    graph: Graph, parameters: Parameters, inputs: [String: FeatureShape], purpose: Purpose = .inference(), threads: Int? = nil,
    instructionSet: InstructionSet = .best
  ) throws(PlanError) {
    if case .gradients = purpose { preconditionFailure("gradients are computed by a TrainingState") }
    try parameters.check(for: graph)
    self.graph = graph
    self.purpose = purpose
    self.inputs = inputs
    self.instructionSet = instructionSet
    self.parameters = BoundParameters(parameters, trainable: [])
    crew = ThreadPool.shared(threads: threads)
    programs[1] = try ProgramCache.program(graph: graph, inputs: inputs, batch: 1, purpose: purpose, instructionSet: instructionSet)
  }

  /// A network of one input, the usual case.
  public convenience init(
    graph: Graph, parameters: Parameters, input: FeatureShape, purpose: Purpose = .inference(), threads: Int? = nil,
    instructionSet: InstructionSet = .best
  ) throws(PlanError) {
    try self.init(
      graph: graph, parameters: parameters, inputs: Dictionary(uniqueKeysWithValues: graph.inputNodes.map { ($0, input) }),
      purpose: purpose, threads: threads, instructionSet: instructionSet)
  }

  /// Runs the program on a batch of any size; an image's results don't depend on the others, except through batch statistics.
  public func run(_ inputs: [String: FeatureMaps]) throws(RunError) -> Outcome {
    let images = try self.inputs.checkedCount(of: inputs)
    turn.lock()
    defer { turn.unlock() }
    let outputs = Dictionary(
      uniqueKeysWithValues: program(images: 1).outputs.map { ($0.name, FeatureMaps(uninitializedCount: images, shape: $0.shape)) })
    var moments = Dictionary(uniqueKeysWithValues: program(images: 1).reports.map { ($0.name, [ChannelMoments]()) })
    let portion = usesBatch ? images : portion
    for first in stride(from: 0, to: images, by: max(portion, 1)) {
      let range = first..<min(first + portion, images)
      let program = program(images: range.count)
      if let name = program.singleValued { throw .singleValue(normalization: name) }
      let addresses = crew.withPool { pool in
        parameters.prepare(for: program, pool: pool)
        return workspace.run(
          program, inputs: inputs.mapValues { $0.items(range) }, outputs: outputs.mapValues { $0.items(range) }, parameters: parameters,
          pool: pool)
      }
      for report in program.reports {
        moments[report.name, default: []] += ChannelMoments.perImage(report, images: range.count, at: addresses)
      }
    }
    return Outcome(outputs: outputs, moments: moments)
  }

  /// Images that run together where they don't depend on each other: as many as keep their maps in a common last-level cache. Memory is
  /// flat in the batch. Measured against 16 at 224 px, one thread: MobileNetV2 1.25, DenseNet-121 1.1, ResNet-18 1.05 times the images.
  private lazy var portion = min(64, max(1, (16 << 20) / max(1, program(images: 1).peakBytes)))

  private lazy var usesBatch: Bool = {
    if case .statistics = purpose { return true }
    return graph.normalizations.contains { NormalizationStatistics($0.operation, source: $0.operation.inferenceSource).usesBatch }
  }()

  /// Feeds a network of one input and returns its only output.
  public func callAsFunction(_ images: FeatureMaps) throws(RunError) -> FeatureMaps {
    precondition(graph.inputNodes.count == 1 && graph.outputs.count == 1, "a call needs one input and one output")
    return try run([graph.inputNodes[0]: images]).outputs[graph.outputs[0]]!
  }

  /// The steps for a batch of this size, printable.
  public func program(batch: Int) -> Program {
    turn.lock()
    defer { turn.unlock() }
    return program(images: batch)
  }

  private func program(images: Int) -> Program {
    if let known = programs[images] { return known }
    // The graph and its shapes passed when the first program was made; the batch size can't make them fail.
    let program = try! ProgramCache.program(
      graph: graph, inputs: inputs, batch: images, purpose: purpose, instructionSet: instructionSet)
    programs[images] = program
    return program
  }
}

extension Parameters {
  func check(for graph: Graph) throws(PlanError) {
    for declaration in graph.parameters where !contains(declaration.id) || shape(of: declaration.id) != declaration.shape {
      throw .missingParameter(declaration.id)
    }
  }
}

extension [String: FeatureShape] {
  /// The one number of images in `fed`, whose shapes are these.
  func checkedCount(of fed: [String: FeatureMaps]) throws(RunError) -> Int {
    var count: Int?
    for name in keys.sorted() {
      guard let maps = fed[name] else { throw .missingInput(name) }
      guard maps.shape == self[name] else { throw .inputShape(name, expected: self[name]!, found: maps.shape) }
      if let count, count != maps.count { throw .batch(expected: count, found: maps.count) }
      count = maps.count
    }
    return count ?? 0
  }
}

extension ChannelMoments {
  static func perImage(_ report: Program.Report, images: Int, at addresses: [UnsafeMutableRawPointer?]) -> [ChannelMoments] {
    let channels = report.moments.channels
    let base = addresses[report.moments.buffer.index]!.assumingMemoryBound(to: Double.self)
    return (0..<images).map { image in
      let mean = UnsafeBufferPointer(start: base + image * channels, count: channels)
      let m2 = UnsafeBufferPointer(start: base + (images + image) * channels, count: channels)
      return ChannelMoments(count: Double(report.pixels), mean: Array(mean), m2: Array(m2))
    }
  }
}

extension FeatureMaps {
  init(uninitializedCount count: Int, shape: FeatureShape) {
    self.init(count: count, shape: shape, storage: AlignedStorage(uninitializedCount: count * shape.paddedCount))
  }
}
