import Cohorts
import Engine

/// Computes a `MismatchReport` from moments by patient: the measures, the null band and the p-values.
public struct MismatchComparison: Sendable, Hashable, Codable {
  /// Random divisions of patients; p-values are no smaller than 1 / (1 + draws).
  public var draws: Int
  public var seed: UInt64

  public init(draws: Int = 199, seed: UInt64 = 0) {
    precondition(draws > 0, "a null band needs draws")
    self.draws = draws
    self.seed = seed
  }

  /// The target against the statistics stored in the model.
  ///
  /// - Parameters:
  ///   - stored: each layer's running statistics, in the order of `target.layers`.
  ///   - epsilons: each layer's epsilon.
  public func compare(
    _ target: PatientMoments, of scanner: ScannerID, withStored stored: [ChannelStatistics], epsilons: [Double]
  ) -> MismatchReport {
    let halves = chance(halvesOf: target, epsilons: epsilons)
    return report(
      .storedStatistics, stored, target, scanner, referencePatients: nil, epsilons, bands: halves, null: .patientHalves, nulls: halves)
  }

  /// The target against another scanner.
  public func compare(
    _ target: PatientMoments, of scanner: ScannerID, with reference: PatientMoments, of referenceScanner: ScannerID, epsilons: [Double]
  ) -> MismatchReport {
    precondition(target.layers == reference.layers, "moments of the same layers")
    let permuted = chance(permuting: reference, target, epsilons: epsilons)
    return report(
      .scanner(referenceScanner), reference.pooled.map(ChannelStatistics.init(biased:)), target, scanner,
      referencePatients: reference.patients.count, epsilons, bands: chance(halvesOf: target, epsilons: epsilons),
      null: .permutedPatients, nulls: permuted)
  }

  /// Averages by layer, measure and draw; nil where there is nothing to draw from.
  private typealias Chance = [[MismatchMeasure: [Double]]]?

  private func report(
    _ reference: MismatchReport.Reference, _ statistics: [ChannelStatistics], _ target: PatientMoments, _ scanner: ScannerID,
    referencePatients: Int?, _ epsilons: [Double], bands: Chance, null: MismatchReport.Null, nulls: Chance
  ) -> MismatchReport {
    let observed = target.pooled.map(ChannelStatistics.init(biased:))
    let divergences = target.layers.indices.map { index in
      Self.average(
        MismatchMeasure.symmetricKL.values(source: statistics[index], target: observed[index], epsilon: epsilons[index]))
    }
    let familyWise = nulls.map { nulls in PatientDraws.familyWisePValues(of: divergences, among: nulls.map { $0[.symmetricKL]! }) }
    let layers = target.layers.enumerated().map { index, layer in
      let summaries = MismatchMeasure.allCases.map { measure in
        let channels = measure.values(source: statistics[index], target: observed[index], epsilon: epsilons[index])
        let average = Self.average(channels)
        return LayerMismatch.Summary(
          measure: measure, channels: channels, average: average,
          nullBand: bands.map { PatientDraws.quantile(0.95, of: $0[index][measure]!) },
          pValue: nulls.map { PatientDraws.pValue(of: average, among: $0[index][measure]!) })
      }
      return LayerMismatch(
        layer: layer, depth: index, summaries: summaries, familyWisePValue: familyWise?[index],
        constantInReference: statistics[index].constantChannels,
        constantInTarget: observed[index].constantChannels)
    }
    return MismatchReport(
      reference: reference, target: scanner, patients: target.patients.count, scans: target.scanCount,
      referencePatients: referencePatients, null: null, draws: draws, layers: layers)
  }

  private func chance(halvesOf target: PatientMoments, epsilons: [Double]) -> Chance {
    let count = target.patients.count
    guard count >= 2 else { return nil }
    let halves = PatientDraws(patients: count, first: count / 2, count: draws, seed: seed, purpose: "null band halves")
    return averages(halves, epsilons, target.layers.count, count) { target.moments(layer: $0, patient: $1) }
  }

  /// Patients of both scanners thrown together and dealt out anew. A patient scanned on both counts once on each.
  private func chance(permuting reference: PatientMoments, _ target: PatientMoments, epsilons: [Double]) -> Chance {
    let first = reference.patients.count
    let count = first + target.patients.count
    guard first > 0, count > first, count > 2 else { return nil }
    let permutations = PatientDraws(patients: count, first: first, count: draws, seed: seed, purpose: "permuted patients")
    return averages(permutations, epsilons, target.layers.count, count) { layer, patient in
      patient < first
        ? reference.moments(layer: layer, patient: patient) : target.moments(layer: layer, patient: patient - first)
    }
  }

  private func averages(
    _ divisions: PatientDraws, _ epsilons: [Double], _ layers: Int, _ patients: Int, moments: (Int, Int) -> ChannelMoments
  ) -> [[MismatchMeasure: [Double]]] {
    (0..<layers).map { layer in
      let perPatient = (0..<patients).map { moments(layer, $0) }
      var found: [MismatchMeasure: [Double]] = [:]
      for division in divisions.draws {
        var groups = [ChannelMoments(channels: perPatient[0].channels), ChannelMoments(channels: perPatient[0].channels)]
        for (patient, inFirst) in division.enumerated() { groups[inFirst ? 0 : 1].merge(perPatient[patient]) }
        let (one, other) = (ChannelStatistics(biased: groups[0]), ChannelStatistics(biased: groups[1]))
        for measure in MismatchMeasure.allCases {
          let values = measure.values(source: one, target: other, epsilon: epsilons[layer])
          found[measure, default: []].append(Self.average(values))
        }
      }
      return found
    }
  }

  static func average(_ channels: [Double]) -> Double {
    channels.isEmpty ? 0 : channels.map { abs($0) }.reduce(0, +) / Double(channels.count)
  }
}

extension ChannelStatistics {
  /// With the biased variance, which one value has too: for comparisons, where every count is large or nothing follows from it.
  init(biased moments: ChannelMoments) { self.init(mean: moments.mean, variance: moments.biasedVariance) }
}
