import CKernels
import Graphs

/// A normalization, and its activation, that readers apply while they read its input.
struct DeferredNormalization: Sendable {
  /// The normalization.
  let path: String
  /// What it normalizes: this is what readers read.
  let value: String
  let activation: ActivationOperator?
}

/// A stage that can read one of its inputs through a normalization.
protocol ReadsThroughNormalization: Stage {
  func canDefer(_ value: String, _ normalization: DeferredNormalization, trainable: Set<ParameterID>) -> Bool
  mutating func take(_ normalization: DeferredNormalization, for value: String)
}

extension StageList {
  /// Where every reader of a normalization can normalize and activate while it reads, the normalized values are never stored: a pass over
  /// memory less forward, and for training one map less to keep.
  mutating func deferNormalizations() {
    for normalization in stages.compactMap({ $0 as? NormalizationStage })
    where normalization.residual == nil && !isKept(normalization.output) {
      let deferred = DeferredNormalization(path: normalization.path, value: normalization.input, activation: normalization.activation)
      let positions = Set(readers[normalization.output] ?? [])
      let willing = positions.allSatisfy { position in
        (stages[position] as? any ReadsThroughNormalization)?.canDefer(normalization.output, deferred, trainable: trainable) == true
      }
      guard willing, !positions.isEmpty else { continue }
      for position in positions {
        var reader = stages[position] as! any ReadsThroughNormalization
        reader.take(deferred, for: normalization.output)
        stages[position] = reader
      }
      var silent = normalization
      silent.isDeferred = true
      stages[producers[normalization.output]!] = silent
    }
  }
}

extension ConvolutionStage: ReadsThroughNormalization {
  /// Worth it where each value is read about once: a 1×1 kernel, Winograd's transforms, a depthwise ring of rows.
  func canDefer(_ value: String, _ normalization: DeferredNormalization, trainable: Set<ParameterID>) -> Bool {
    guard value == input, residual != value else { return false }
    let set = sa_best_instruction_set()
    let forward = kernelPlan(SA_CONV_FORWARD, set)
    let sizes = forward.geometry
    let readsOnce =
      forward.algorithm != SA_CONV_GEMM || sizes.kernel_height * sizes.kernel_width == 1
      || (forward.output_height == 1 && forward.output_width == 1)
    let weightsTake = !trainable.contains(weight) || kernelPlan(SA_CONV_BACKWARD_WEIGHTS, set).takes_prologue
    return readsOnce && forward.takes_prologue && weightsTake
  }

  mutating func take(_ normalization: DeferredNormalization, for value: String) { prologue = normalization }
}

extension PoolingStage: ReadsThroughNormalization {
  func canDefer(_ value: String, _ normalization: DeferredNormalization, trainable: Set<ParameterID>) -> Bool { true }

  mutating func take(_ normalization: DeferredNormalization, for value: String) { prologue = normalization }
}

extension NormalizationStage: ReadsThroughNormalization {
  /// A shortcut's own normalization happens while it is added.
  func canDefer(_ value: String, _ normalization: DeferredNormalization, trainable: Set<ParameterID>) -> Bool {
    value == residual && value != input && normalization.activation == nil
  }

  mutating func take(_ normalization: DeferredNormalization, for value: String) { residualPrologue = normalization }
}

/// Where a deferred normalization's input is, and what to do to it while reading.
struct Prologue: Sendable {
  let source: MapReference
  let affine: ChannelAffine?
  let activation: ActivationOperator?

  var reads: [BufferID] { [source.buffer] + (affine?.reads ?? []) }
  var described: String? { affine == nil ? nil : "normalization" + (activation.map { " + \($0.rawValue)" } ?? "") + " →" }
}

extension PlanBuilder {
  /// How to read `value`: as it stands, or through the normalization that was deferred.
  mutating func prologue(for value: String, _ deferred: DeferredNormalization?) -> Prologue {
    guard let deferred else { return Prologue(source: home(of: value), affine: nil, activation: nil) }
    return Prologue(source: home(of: deferred.value), affine: affine(for: deferred.path), activation: deferred.activation)
  }
}

extension Run {
  func prologue(_ prologue: Prologue) -> sa_prologue {
    sa_prologue(affine: affine(prologue.affine).affine, activation: sa_activation(prologue.activation))
  }
}
