/// The patients behind a set of predictions, in the order of their ids, and the stratum each is resampled within.
///
/// A patient's stratum is the set of labels its scans bear, so that a patient with scans of both classes is neither one's.
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
    strata = members.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { members[$0]! }

    let classCount = (labels.values.lazy.joined().max() ?? -1) + 1
    var counts = [Int](repeating: 0, count: classCount)
    for set in labels.values { for label in set { counts[label] += 1 } }
    patientsPerClass = counts
  }

  var ones: [Double] { [Double](repeating: 1, count: ids.count) }

  func index(of patient: String) -> Int { positions[patient]! }
}
