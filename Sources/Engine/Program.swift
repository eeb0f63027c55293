import Graphs

/// A graph compiled for a purpose, an input shape and a batch size: an immutable list of steps over one planned arena.
public struct Program: Sendable, CustomStringConvertible {
  public init(graph: Graph, inputs: [String: FeatureShape], batch: Int, purpose: Purpose) throws(PlanError) { fatalError("not yet") }

  /// The arena's size in bytes: the most that is alive at once.
  public var peakBytes: Int { fatalError("not yet") }
  /// Multiply-adds counted as two, for the whole batch.
  public var floatingPointOperations: Double { fatalError("not yet") }
  /// One line per step: kernel, shapes, FLOPs, bytes; then the peak.
  public var description: String { fatalError("not yet") }
}
