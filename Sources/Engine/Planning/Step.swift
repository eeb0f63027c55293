/// One call of a kernel on planned buffers: what a program is a list of.
///
/// Steps are made by stages (`Stage.emitForward`, `emitBackward`) and never change. Running one allocates nothing of size.
protocol Step: Sendable {
  /// The node it works for.
  var node: String { get }
  /// What it runs, for `inspect --plan`.
  var kernel: String { get }
  var reads: [BufferID] { get }
  var writes: [BufferID] { get }
  /// Buffers of equal layout where the output may take the input's place if nobody reads the input later.
  var replacements: [(output: BufferID, input: BufferID)] { get }
  /// Multiplications and additions, for the whole batch.
  var floatingPointOperations: Double { get }
  /// Bytes read and written, each map once.
  var bytesMoved: Double { get }
  func scratchFloats(threads: Int) -> Int
  func run(_ run: borrowing Run)
}

/// A step that yields a map.
protocol MapStep: Step {
  var output: MapReference { get }
}

extension Step {
  var replacements: [(output: BufferID, input: BufferID)] { [] }
  var floatingPointOperations: Double { 0 }
  func scratchFloats(threads: Int) -> Int { 0 }
}
