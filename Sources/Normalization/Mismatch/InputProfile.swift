import Cohorts
import Imaging

/// How one scanner's scans look before any network: each measure's mean with an interval by patient, and the histogram.
public struct InputProfile: Sendable, Hashable, Codable {
  public struct Entry: Sendable, Hashable, Codable {
    public let measure: InputMeasure
    public let mean: Double
    /// 95 %, from resampling patients; nil with one patient.
    public let lower: Double?
    public let upper: Double?
  }

  public let entries: [Entry]
  /// Shares of pixels in equal bins of 0…1; what lies outside counts in the outer ones.
  public let histogram: [Double]
  /// Means by patient, in the order of `InputMeasure.allCases`.
  package let patients: [PatientID: [Double]]

  private enum CodingKeys: CodingKey { case entries, histogram }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    entries = try container.decode([Entry].self, forKey: .entries)
    histogram = try container.decode([Double].self, forKey: .histogram)
    patients = [:]
  }

  package init(_ scans: [(patient: PatientID, measurement: InputMeasurement)], resamples: Int = 500, seed: UInt64 = 0) {
    precondition(!scans.isEmpty, "a profile of no scan")
    let means = PatientMeans(scans.map(\.measurement.values), patients: scans.map(\.patient))
    let intervals = means.intervals(resamples: resamples, seed: seed)
    entries = zip(InputMeasure.allCases, means.means).enumerated().map { index, pair in
      Entry(measure: pair.0, mean: pair.1, lower: intervals?[index].lower, upper: intervals?[index].upper)
    }
    histogram = (0..<InputMeasurement.bins).map { bin in
      scans.reduce(0) { $0 + $1.measurement.histogram[bin] } / Double(scans.count)
    }
    patients = Dictionary(grouping: scans, by: \.patient).mapValues { scans in
      InputMeasure.allCases.indices.map { index in scans.reduce(0) { $0 + $1.measurement.values[index] } / Double(scans.count) }
    }
  }

  /// Reads and measures scans as the network gets them.
  /// - Returns: nil where none can be read.
  public static func measured(
    on scans: some ScanSet, images: ScanImages, preprocessing: Preprocessing, seed: UInt64 = 0
  ) throws -> InputProfile? {
    var found: [(patient: PatientID, measurement: InputMeasurement)] = []
    for start in stride(from: 0, to: scans.records.count, by: 32) {
      let batch = try images.load(Array(scans.records[start..<min(start + 32, scans.records.count)]))
      for (record, image) in zip(batch.records, batch.images) {
        found.append((record.patient, InputMeasurement(image, preprocessing: preprocessing)))
      }
    }
    return found.isEmpty ? nil : InputProfile(found, seed: seed)
  }
}

/// How one scanner's pixels differ from another's, measure by measure, all tested together.
public struct InputShift: Sendable, Hashable, Codable {
  public struct Entry: Sendable, Hashable, Codable {
    public let measure: InputMeasure
    /// Target minus reference, of the patients' means.
    public let difference: Double
    /// In standard deviations between patients; nil where those don't differ among themselves.
    public let standardized: Double?
    /// Family-wise over the measures, patients permuted between the scanners.
    public let pValue: Double
  }

  public let reference: ScannerID
  public let entries: [Entry]

  /// Nil with fewer than three patients.
  public init?(_ target: InputProfile, from reference: InputProfile, of scanner: ScannerID, draws: Int = 199, seed: UInt64 = 0) {
    let there = reference.patients.sorted { $0.key < $1.key }.map(\.value)
    let here = target.patients.sorted { $0.key < $1.key }.map(\.value)
    let all = there + here
    guard !there.isEmpty, !here.isEmpty, all.count > 2 else { return nil }
    let divisions = PatientDraws(patients: all.count, first: there.count, count: draws, seed: seed, purpose: "permuted patients, input")
    let observedDivision = all.indices.map { $0 < there.count }
    func difference(_ measure: Int, _ inFirst: [Bool]) -> (change: Double, deviation: Double) {
      var (sums, squares, counts) = ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0])
      for (values, isFirst) in zip(all, inFirst) {
        let group = isFirst ? 0 : 1
        sums[group] += values[measure]
        squares[group] += values[measure] * values[measure]
        counts[group] += 1
      }
      let means = (0..<2).map { sums[$0] / counts[$0] }
      let spread = (0..<2).reduce(0.0) { $0 + max(squares[$1] - counts[$1] * means[$1] * means[$1], 0) }
      return (means[1] - means[0], (spread / Double(all.count - 2)).squareRoot())
    }
    // Absolute differences: the family-wise scale makes the measures comparable.
    let measures = InputMeasure.allCases
    let observed = measures.indices.map { difference($0, observedDivision) }
    let drawn = measures.indices.map { measure in divisions.draws.map { abs(difference(measure, $0).change) } }
    let pValues = PatientDraws.familyWisePValues(of: observed.map { abs($0.change) }, among: drawn)
    self.reference = scanner
    entries = measures.indices.map { index in
      Entry(
        measure: measures[index], difference: observed[index].change,
        standardized: observed[index].deviation > 1e-12 ? observed[index].change / observed[index].deviation : nil,
        pValue: pValues[index])
    }
  }

  public func beyondChance(at rate: Double = 0.05) -> [Entry] { entries.filter { $0.pValue <= rate } }
}
