/// The patients behind a set of predictions, in the order of their ids, and the stratum each is resampled within.
///
/// A patient's stratum is the set of labels its scans bear, so that a patient with scans of both classes is neither one's. A patient
/// alone in a stratum, whom resampling could never miss, joins the largest one that shares a label, or else the largest.
/// Only labelled scans count.
struct PatientTable: Sendable {
  let ids: [String]
  /// For each stratum, the indices of its patients.
  let strata: [[Int]]
  /// How many patients have at least one scan of each class, by class index.
  let patientsPerClass: [Int]
  let scanCount: Int
  private let positions: [String: Int]

  init(folds: [[Prediction]]) {
    var labels: [String: Set<Int>] = [:]
    var scans = 0
    for prediction in folds.joined() {
      guard let label = prediction.label else { continue }
      labels[prediction.patient, default: []].insert(label)
      scans += 1
    }
    let sorted = labels.keys.sorted()
    ids = sorted
    scanCount = scans
    positions = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })

    var members: [[Int]: [Int]] = [:]
    for (index, id) in sorted.enumerated() { members[labels[id]!.sorted(), default: []].append(index) }
    strata = Self.merged(members)

    let classCount = (labels.values.lazy.joined().max() ?? -1) + 1
    var counts = [Int](repeating: 0, count: classCount)
    for set in labels.values { for label in set { counts[label] += 1 } }
    patientsPerClass = counts
  }

  private static func merged(_ members: [[Int]: [Int]]) -> [[Int]] {
    var strata = members.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    let alone = strata.filter { $0.value.count == 1 }
    strata.removeAll { $0.value.count == 1 }
    for single in alone {
      guard !strata.isEmpty else { return [alone.flatMap(\.value).sorted()] }
      let sharing = strata.indices.filter { !Set(strata[$0].key).isDisjoint(with: single.key) }
      let candidates = sharing.isEmpty ? Array(strata.indices) : sharing
      let host = candidates.max { (strata[$0].value.count, $1) < (strata[$1].value.count, $0) }!
      strata[host].value.append(contentsOf: single.value)
    }
    return strata.map { $0.value.sorted() }
  }

  var ones: [Double] { [Double](repeating: 1, count: ids.count) }

  func index(of patient: String) -> Int { positions[patient]! }
}
