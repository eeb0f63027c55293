import CKernels
import Graphs
import Tensors

/// The memory programs run in: one arena and one scratch, grown to the largest program so far.
final class Workspace {
  private var arena = AlignedStorage(uninitializedCount: 0)
  private var scratch = AlignedStorage(uninitializedCount: 0)

  /// Runs steps `range` of a program; every buffer gets its address here.
  func run(
    _ program: Program, inputs: [String: FeatureMaps], outputs: [String: FeatureMaps], parameters: BoundParameters,
    pool: OpaquePointer?, seed: UInt64 = 0, stepIndex: Int = 0, targets: [Int32] = [],
    after: ((any Step, borrowing Run) -> Bool)? = nil
  ) -> [UnsafeMutableRawPointer?] {
    let threads = Int(sa_pool_threads(pool))
    reserve(program.arena.byteCount / 4, program.steps.map { $0.scratchFloats(threads: threads) }.max() ?? 0)
    let base = UnsafeMutableRawPointer(arena.pointer)
    let addresses = program.buffers.enumerated().map { index, buffer -> UnsafeMutableRawPointer? in
      switch buffer.home {
      case .input(let name): UnsafeMutableRawPointer(inputs[name]!.pointer)
      case .output(let name): UnsafeMutableRawPointer(outputs[name]!.pointer)
      case .arena: program.arena.offsets[index].map { base + $0 }
      }
    }
    let run = Run(
      images: program.images, addresses: addresses, scratch: scratch.pointer, pool: pool, parameters: parameters, seed: seed,
      stepIndex: stepIndex, targets: targets)
    for step in program.steps {
      step.run(run)
      if let after, !after(step, run) { break }
    }
    return addresses
  }

  private func reserve(_ arenaFloats: Int, _ scratchFloats: Int) {
    Self.grow(&arena, to: arenaFloats)
    Self.grow(&scratch, to: scratchFloats)
  }

  /// The old block goes before the new one comes.
  private static func grow(_ storage: inout AlignedStorage, to count: Int) {
    guard storage.count < count else { return }
    storage = AlignedStorage(uninitializedCount: 0)
    storage = AlignedStorage(uninitializedCount: count)
  }
}
