import CKernels
import Graphs

extension Program {
  /// The compiled plan as data: what `inspect --plan` prints, or writes as JSON.
  public struct Listing: Encodable, Sendable {
    /// One kernel call.
    public struct Step: Encodable, Sendable {
      public let node: String
      public let kernel: String
      /// Multiplications and additions of the direct algorithm.
      public let operations: Double
      /// Read and written, each map once.
      public let bytesMoved: Double
      /// Arena bytes that hold something wanted while it runs.
      public let bytesAlive: Int
    }

    /// A stretch of the arena and the steps between which it holds something wanted; bytes overlap only where lives don't.
    public struct Buffer: Encodable, Sendable {
      /// The node whose step writes it first.
      public let node: String
      public let offset: Int
      public let bytes: Int
      public let firstStep: Int
      /// Equal to the number of steps where it is read after the last one.
      public let lastStep: Int
    }

    public let images: Int
    public let instructionSet: String
    public let steps: [Step]
    /// In the order of their first steps.
    public let buffers: [Buffer]
    public let operations: Double
    /// The arena: the most that is alive at once, as placed.
    public let arenaBytes: Int
    /// Weights as the kernels want them, beside the parameters themselves.
    public let packedWeightBytes: Int
    /// Kernels' working memory, shared by all steps.
    public let scratchBytes: Int
  }

  /// - Parameter threads: scratch is per thread.
  public func listing(threads: Int) -> Listing {
    var writers: [Int: String] = [:]
    for step in steps { for buffer in step.writes where writers[buffer.index] == nil { writers[buffer.index] = step.node } }
    let stretches = arena.lives.map { life in
      Listing.Buffer(
        node: life.buffers.compactMap { writers[$0] }.first ?? "", offset: arena.offsets[life.buffers[0]]!, bytes: life.bytes,
        firstStep: life.first, lastStep: life.last)
    }
    return Listing(
      images: images, instructionSet: instructionSet.rawValue,
      steps: steps.enumerated().map { position, step in
        Listing.Step(
          node: step.node, kernel: step.kernel, operations: step.floatingPointOperations, bytesMoved: step.bytesMoved,
          bytesAlive: stretches.reduce(0) { $0 + ($1.firstStep <= position && position <= $1.lastStep ? $1.bytes : 0) })
      }, buffers: stretches.sorted { ($0.firstStep, $0.offset) < ($1.firstStep, $1.offset) }, operations: floatingPointOperations,
      arenaBytes: peakBytes, packedWeightBytes: packings.map { $0.plan.packed_floats * 4 }.reduce(0, +),
      scratchBytes: (steps.map { $0.scratchFloats(threads: threads) }.max() ?? 0) * 4)
  }
}
