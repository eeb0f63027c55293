import CKernels
import Graphs
import Tensors

/// Parameters as the steps read them: the values, and what is derived from them (packed weights, folded normalizations), kept up to date.
///
/// Owned by one executor or training state, and touched only under its lock or by its owner.
final class BoundParameters {
  var values: Parameters
  /// Gradients of what trains.
  var gradients: Parameters
  private var packed: [PackedWeights.Key: (weights: PackedWeights, slab: AlignedStorage, offset: Int)] = [:]
  /// scale, shift and mean, [C] each.
  private var affines: [String: (affine: StoredAffine, floats: AlignedStorage)] = [:]

  init(_ values: consuming Parameters, trainable: [ParameterDeclaration]) {
    self.values = values
    gradients = Parameters(trainable)
  }

  /// Derives what a program reads and isn't there yet.
  func prepare(for program: Program, pool: OpaquePointer?) {
    let missing = program.packings.filter { packed[$0.key] == nil }
    // One block for all of them: it gets large pages.
    let slab = AlignedStorage(uninitializedCount: missing.reduce(0) { $0 + $1.paddedFloats })
    var offset = 0
    for weights in missing {
      packed[weights.key] = (weights, slab, offset)
      pack(weights, pool)
      offset += weights.paddedFloats
    }
    for affine in program.affines where affines[affine.path] == nil {
      let floats = AlignedStorage(uninitializedCount: 3 * affine.channels)
      affines[affine.path] = (affine, floats)
      fill(affine, floats)
    }
  }

  /// Derives again what depends on parameters that changed.
  func refresh(trained: Set<ParameterID>, pool: OpaquePointer?) {
    for (_, entry) in packed where trained.contains(entry.weights.weight) { pack(entry.weights, pool) }
    for (_, entry) in affines { fill(entry.affine, entry.floats) }
  }

  /// A parameter's values. The slab stays where it is while nobody writes, and the owner is held for the whole run.
  func pointer(_ id: ParameterID) -> UnsafePointer<Float> { values.withValues(of: id) { $0.baseAddress! } }

  func gradientPointer(_ id: ParameterID) -> UnsafeMutablePointer<Float> { gradients.withMutableValues(of: id) { $0.baseAddress! } }

  func packedPointer(_ key: PackedWeights.Key) -> UnsafePointer<Float> { UnsafePointer(place(key)) }

  private func place(_ key: PackedWeights.Key) -> UnsafeMutablePointer<Float> {
    let (_, slab, offset) = packed[key]!
    return slab.pointer + offset
  }

  func affine(_ path: String) -> (scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, mean: UnsafePointer<Float>) {
    let (affine, floats) = affines[path]!
    let base = UnsafePointer(floats.pointer)
    return (base, base + affine.channels, base + 2 * affine.channels)
  }

  private func pack(_ weights: PackedWeights, _ pool: OpaquePointer?) {
    sa_conv_pack(place(weights.key), pointer(weights.weight), weights.plan, pool)
  }

  /// `scale = gamma / sqrt(var + epsilon)`, `shift = beta + (bias - mean) * scale`, in Double.
  private func fill(_ affine: StoredAffine, _ floats: AlignedStorage) {
    let gamma = pointer(ParameterID(path: affine.path, field: "weight"))
    let beta = pointer(ParameterID(path: affine.path, field: "bias"))
    let mean = pointer(ParameterID(path: affine.path, field: "running_mean"))
    let variance = pointer(ParameterID(path: affine.path, field: "running_var"))
    let bias = affine.convolutionBias.map(pointer)
    for channel in 0..<affine.channels {
      let scale = Double(gamma[channel]) / (Double(variance[channel]) + Double(affine.epsilon)).squareRoot()
      let centre = Double(bias?[channel] ?? 0) - Double(mean[channel])
      floats.pointer[channel] = Float(scale)
      floats.pointer[affine.channels + channel] = Float(Double(beta[channel]) + centre * scale)
      floats.pointer[2 * affine.channels + channel] = mean[channel]
    }
  }
}

extension PackedWeights {
  /// Up to the next multiple of 64 bytes.
  fileprivate var paddedFloats: Int { (plan.packed_floats + 15) / 16 * 16 }
}
