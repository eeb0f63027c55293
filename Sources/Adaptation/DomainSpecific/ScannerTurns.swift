import Cohorts
import Engine
import Graphs
import RandomStreams
import Tensors

/// Scanners taking turns in one training: a batch holds one scanner's scans, so that batch statistics are that scanner's, and gamma and
/// beta may be each scanner's own.
///
/// Own ones, with the optimizer's memory of them, take their places before a scanner's batch and leave before another's. The optimizer's
/// step count is common to all: Adam corrects the bias of a scanner's moments as if it had been there in every step.
struct ScannerTurns {
  /// Sorted.
  let scanners: [ScannerID]
  /// Each scan's scanner, as a position in `scanners`.
  let numbers: [Int]
  /// By scanner; that of the scanner whose turn it is, is in the training state. Empty where gamma and beta are shared.
  private(set) var slices: [TrainedSlice]
  private var active: Int?

  /// - Parameters:
  ///   - scans: each scan's scanner, in the order that batches count in.
  ///   - saved: of a checkpoint; nil begins with the parameters' gamma and beta for each.
  init(_ scans: [ScannerID], ownsAffine: Bool, plan: TrainablePlan, parameters: Parameters, resuming saved: [TrainedSlice]?) {
    let scanners = Set(scans).sorted()
    self.scanners = scanners
    numbers = scans.map { scanner in scanners.firstIndex(of: scanner)! }
    let own = parameters.declarations.filter { ownsAffine && $0.role == .affine && plan.trains($0.id) }.map(\.id)
    let first = TrainedSlice(values: Dictionary(uniqueKeysWithValues: own.map { ($0, parameters[$0]) }))
    slices = saved ?? (own.isEmpty ? [] : [TrainedSlice](repeating: first, count: scanners.count))
  }

  /// Before a batch that begins with this scan.
  mutating func take(_ scan: Int, in state: inout TrainingState) {
    let scanner = numbers[scan]
    guard !slices.isEmpty, scanner != active else { return }
    let left = state.exchange(for: slices[scanner])
    if let active { slices[active] = left }
    active = scanner
  }

  /// All scanners' gamma and beta now.
  func slices(in state: borrowing TrainingState) -> [TrainedSlice] {
    guard let active else { return slices }
    var all = slices
    all[active] = state.slice(of: Set(slices[active].values.keys))
    return all
  }

  /// Ends a phase: the values stay, the optimizer's memory of them doesn't.
  mutating func endPhase(_ state: borrowing TrainingState) {
    slices = slices(in: state).map { TrainedSlice(values: $0.values) }
    active = nil
  }

  /// Each scanner's own values; empty where they are shared.
  var own: [ScannerID: [ParameterID: Tensor]] {
    slices.isEmpty ? [:] : Dictionary(uniqueKeysWithValues: zip(scanners, slices.map(\.values)))
  }

  /// What a scanner without values of its own gets: their mean over scanners.
  var mean: [ParameterID: Tensor] {
    guard let first = slices.first else { return [:] }
    return first.values.reduce(into: [:]) { means, entry in
      let columns = slices.map { $0.values[entry.key]!.values }
      means[entry.key] = Tensor(
        shape: entry.value.shape,
        values: columns[0].indices.map { index in Float(columns.reduce(0) { $0 + Double($1[index]) } / Double(columns.count)) })
    }
  }
}

extension EpochOrder {
  /// The same where a batch holds one scanner's scans: shuffled within each scanner, and all scanners' batches among each other, so that
  /// scanners take turns as often as they have scans.
  ///
  /// - Parameter scanners: each scan's.
  package init(scanners: [Int], batchSize: Int, seed: UInt64, epoch: Int, dropsSingle: Bool) {
    var stream = RandomStream(seed: seed, purpose: "training order of scanners", epoch: epoch)
    var batches: [[Int]] = []
    for scanner in Set(scanners).sorted() {
      var own = scanners.indices.filter { scanners[$0] == scanner }.shuffled(using: &stream).chunked(by: batchSize)
      if dropsSingle, own.count > 1, own.last?.count == 1 { own.removeLast() }
      batches += own
    }
    self.batches = batches.shuffled(using: &stream)
  }
}
