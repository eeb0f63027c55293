import RandomStreams

/// How well a linear classifier tells two scanners' feature vectors apart on patients it wasn't fitted on: `2 (1 - 2 err)`, 0 not at all,
/// 2 perfectly. Ben-David et al. 2007.
///
/// Folds are of whole patients, a patient seen on both scanners in one of them, at least two patients of either in each; the error is the
/// mean of the two scanners'. What chance does comes from whole patients that exchange scanners within their fold, all else the same: the
/// observed naming is one of those that could have been drawn, so that on scanners that don't differ `pValue` is at or below a rate in at
/// most that share of cohorts, however many patients, features and scans a patient there are. That asks that nothing tells the scanners'
/// patients apart, the number of their scans included.
public struct ProxyADistance: Sendable, Hashable, Codable {
  public let distance: Double
  public let error: Double
  /// The 95 % quantile of the distance among permuted patients; nil where none were drawn.
  public let chance: Double?
  /// `(1 + count of permuted patients at least as far apart) / (1 + draws)`; nil where none were drawn.
  public let pValue: Double?

  /// Whether the scanners are told apart by more than chance: where they don't differ, in 5 % of cohorts at most.
  public var tellsApart: Bool { pValue.map { $0 <= 0.05 } ?? false }

  /// Scans of each scanner at most; of more, the first of every patient, as many on either scanner.
  package static let limit = 400

  /// Nil with fewer than five patients of either.
  /// - Parameter draws: permutations; 0 measures the distance alone.
  package init?(
    _ first: [[Double]], patients firstPatients: [String], _ second: [[Double]], patients secondPatients: [String], folds: Int = 5,
    draws: Int = 199, seed: UInt64 = 0
  ) {
    var stream = RandomStream(seed: seed, purpose: "proxy A-distance folds")
    let order = Set(firstPatients).union(secondPatients).sorted().shuffled(using: &stream)
    let place = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    // One for both: a patient's scans must not say which scanner he was on.
    let scansEach = min(Self.scansEach(firstPatients), Self.scansEach(secondPatients))
    func kept(_ patients: [String]) -> [Int] {
      var seen: [String: Int] = [:]
      let some = patients.indices.filter { index in
        seen[patients[index], default: 0] += 1
        return seen[patients[index]]! <= scansEach
      }
      return Array(some.sorted { (place[patients[$0]]!, $0) < (place[patients[$1]]!, $1) }.prefix(Self.limit))
    }
    let (firstKept, secondKept) = (kept(firstPatients), kept(secondPatients))
    let (firstSet, secondSet) = (Set(firstKept.map { firstPatients[$0] }), Set(secondKept.map { secondPatients[$0] }))
    guard firstSet.count >= 5, secondSet.count >= 5 else { return nil }
    let rows = firstKept.map { first[$0] } + secondKept.map { second[$0] }
    let patients = firstKept.map { firstPatients[$0] } + secondKept.map { secondPatients[$0] }
    let naming = ScannerNaming(
      patients: patients, isSecond: rows.indices.map { $0 >= firstKept.count }, order: order,
      folds: max(2, min(folds, min(firstSet.count, secondSet.count) / 2)))
    let classifiers = FoldedClassifiers(rows, foldOf: naming.foldOf)
    guard let error = classifiers.error(naming.isSecond) else { return nil }
    self.error = error
    distance = 2 * (1 - 2 * error)
    guard draws > 0 else {
      (chance, pValue) = (nil, nil)
      return
    }
    let permuted = (0..<draws).map { draw in
      var stream = RandomStream(seed: seed, purpose: "proxy A-distance permutations", epoch: draw)
      return 2 * (1 - 2 * classifiers.error(naming.permuted(using: &stream))!)
    }
    chance = PatientDraws.quantile(0.95, of: permuted)
    pValue = PatientDraws.pValue(of: distance, among: permuted)
  }

  /// The most scans of a patient with which all patients' stay within the limit, at least one.
  private static func scansEach(_ patients: [String]) -> Int {
    let counts = Dictionary(grouping: patients) { $0 }.values.map(\.count)
    var each = counts.max() ?? 1
    while each > 1, counts.reduce(0, { $0 + min($1, each) }) > limit { each -= 1 }
    return each
  }
}

/// Which scanner each scan is from, and the fold of its patient; what whole patients can exchange within folds.
struct ScannerNaming {
  let isSecond: [Bool]
  let foldOf: [Int]
  /// By fold, the scans of each patient who has been on one scanner only.
  private var single: [[[Int]]]
  /// And of each one who has been on both.
  private var both: [[[Int]]]

  /// - Parameter order: all patients, in the order in which they are dealt out.
  init(patients: [String], isSecond: [Bool], order: [String], folds: Int) {
    let scans = Dictionary(grouping: patients.indices) { patients[$0] }
    let kinds = Dictionary(grouping: order.filter { scans[$0] != nil }) { patient in Set(scans[patient]!.map { isSecond[$0] }) }
    var foldOf = [Int](repeating: 0, count: patients.count)
    (single, both) = ([[[Int]]](repeating: [], count: folds), [[[Int]]](repeating: [], count: folds))
    for (index, patient) in (kinds[[false, true]] ?? []).enumerated() { both[index % folds].append(scans[patient]!) }
    // Each scanner's patients are dealt out in turn, from where those on both left off, so that no fold lacks one.
    for kind: Set<Bool> in [[false], [true]] {
      for (index, patient) in (kinds[kind] ?? []).enumerated() {
        single[(index + (kinds[[false, true]]?.count ?? 0)) % folds].append(scans[patient]!)
      }
    }
    for fold in 0..<folds { for scan in (single[fold] + both[fold]).joined() { foldOf[scan] = fold } }
    (self.isSecond, self.foldOf) = (isSecond, foldOf)
  }

  /// Patients of one scanner exchange it with each other, those on both their scans of the one and the other.
  func permuted(using stream: inout RandomStream) -> [Bool] {
    var permuted = isSecond
    for fold in single.indices {
      let names = single[fold].map { isSecond[$0[0]] }.shuffled(using: &stream)
      for (scans, name) in zip(single[fold], names) { for scan in scans { permuted[scan] = name } }
      for scans in both[fold] where Bool.random(using: &stream) { for scan in scans { permuted[scan] = !isSecond[scan] } }
    }
    return permuted
  }
}
