import Cohorts
import Foundation
import Graphs
import ModelFiles
import Tensors

/// A pack for a scanner that none was made for, between those that there are.
///
/// A pack's weight is `exp(-d) / sum(exp(-d))` with d its mean symmetric KL divergence from the scans at the first normalization, in nats
/// a value: packs as near as each other share, one that is a nat nearer has e times the weight. Means, variances, gamma and beta are
/// each the weighted mean over packs, as prior mixing does between two (Schneider et al. 2020): a scanner between two others gets
/// statistics between theirs, not their union's.
extension NormPackBank {
  /// - Parameter distances: of the scans from each pack, in the packs' order.
  /// - Throws: `NormPackBankError.differentStructure` where packs normalize by other groupings.
  func mixture(atDistances distances: [Double]) throws(NormPackBankError) -> (pack: NormPack, weights: [ScannerID: Double]) {
    let nearest = distances.min() ?? 0
    let raw = distances.map { exp(nearest - $0) }
    let sum = raw.reduce(0, +)
    let weights = raw.map { $0 / sum }
    let first = packs[0]
    for pack in packs {
      guard pack.layers.map(\.operation) == first.layers.map(\.operation), pack.backboneHash == first.backboneHash,
        pack.preprocessing == first.preprocessing
      else { throw .differentStructure(first.scanner, pack.scanner) }
    }
    let layers = first.layers.indices.map { index -> NormPack.Layer in
      let layer = first.layers[index]
      var mixed: [String: Tensor] = [:]
      for field in layer.parameters.keys {
        let values = packs.map { $0.layers[index].parameters[field]!.values }
        mixed[field] = Tensor(
          shape: [layer.operation.channels],
          values: (0..<layer.operation.channels).map { channel in
            Float(zip(weights, values).reduce(0) { $0 + $1.0 * Double($1.1[channel]) })
          })
      }
      return NormPack.Layer(name: layer.name, operation: layer.operation, valueCount: nil, parameters: mixed)
    }
    let patients = packs.dropFirst().reduce(first.fittedPatients) { all, pack in
      let joined = pack.fittedPatients.groups.reduce(all) { $0.adding($1) }
      return FittedPatients(isComplete: all.isComplete && pack.fittedPatients.isComplete, groups: joined.groups)
    }
    let words = zip(packs, weights).map { pack, weight in "\(pack.scanner) \((weight * 1000).rounded() / 1000)" }
    let pack = NormPack(
      scanner: "mixture", backboneHash: first.backboneHash, preprocessing: first.preprocessing, layers: layers, fittedPatients: patients,
      scanCount: packs.reduce(0) { $0 + $1.scanCount }, patientCount: packs.reduce(0) { $0 + $1.patientCount },
      statistics: "norm packs mixed: \(words.joined(separator: ", "))", provenance: first.provenance)
    return (pack, Dictionary(uniqueKeysWithValues: zip(packs.map(\.scanner), weights)))
  }
}
