import RandomStreams

/// A fold's labelled training patients in an order of which every beginning is a fair part: each class in its share, none missing from as
/// many patients as there are classes.
///
/// The parts of one draw are nested: a larger one holds the smaller. What differs between two sizes is therefore what was added, and what
/// differs between two strategies on one part isn't the patients.
public struct NestedPatients: Sendable {
  public let order: [PatientID]
  /// Which of the repeated draws, from 0.
  public let draw: Int
  private let whole: TrainingScans

  /// - Parameter whole: all of it may be fitted on.
  fileprivate init(_ whole: TrainingScans, draw: Int, seed: UInt64) {
    self.whole = whole
    self.draw = draw
    let groups = PatientGroups(whole.records)
    var stream = RandomStream(seed: seed, purpose: "nested patients \(whole.fold)", epoch: draw)
    order = Self.stratified(groups, shuffled: Array(groups.patients.indices.shuffled(using: &stream))).map { groups.patients[$0] }
  }

  public var count: Int { order.count }

  /// The scans of the first patients of the order, to be fitted on; the ledger has them as an inner fold of their own.
  public func first(_ count: Int) -> TrainingScans {
    precondition((1...order.count).contains(count), "\(count) of \(order.count) patients")
    let taken = Set(order.prefix(count))
    return whole.subset(whole.records.filter { taken.contains($0.patient) }, named: "draw \(draw + 1), \(count) patients")
  }

  /// First one patient of each class, the rarest class first; then always of the class that is furthest behind its share. A patient with
  /// several classes stands for the rarest of them.
  private static func stratified(_ groups: PatientGroups, shuffled: [Int]) -> [Int] {
    let sizes = groups.labels.indices.map(groups.patientsWithLabel)
    let byRarity = groups.labels.indices.sorted { (sizes[$0], $0) < (sizes[$1], $1) }
    func stratum(_ patient: Int) -> Int { groups.labelsOfPatient[patient].min { (sizes[$0], $0) < (sizes[$1], $1) }! }
    var order: [Int] = []
    var taken = Set<Int>()
    for label in byRarity where !order.contains(where: { groups.labelsOfPatient[$0].contains(label) }) {
      // Every label here is some patient's.
      let patient = shuffled.first { groups.labelsOfPatient[$0].contains(label) }!
      order.append(patient)
      taken.insert(patient)
    }
    let shares = Dictionary(grouping: shuffled, by: stratum).mapValues { Double($0.count) / Double(shuffled.count) }
    var waiting = Dictionary(grouping: shuffled.filter { !taken.contains($0) }.reversed(), by: stratum)
    var counts = Dictionary(grouping: order, by: stratum).mapValues(\.count)
    while order.count < shuffled.count {
      func lag(_ label: Int) -> Double { shares[label]! * Double(order.count + 1) - Double(counts[label, default: 0]) }
      let next = byRarity.filter { waiting[$0]?.isEmpty == false }.max { lag($0) < lag($1) }!
      order.append(waiting[next]!.removeLast())
      counts[next, default: 0] += 1
    }
    return order
  }
}

extension TrainingScans {
  /// An order of the labelled patients whose beginnings are nested, stratified parts.
  /// - Parameters:
  ///   - draw: another one is another order.
  ///   - seed: with the fold's name and the patients, all that decides the order.
  /// - Throws: `FoldError.patientsUnknown`.
  public func nestedPatients(draw: Int, seed: UInt64) throws(FoldError) -> NestedPatients {
    if patientIdentity == .unknown { throw .patientsUnknown(source: fold.description) }
    return NestedPatients(labelled, draw: draw, seed: seed)
  }

  /// A part with a name and a place in the ledger of its own: nothing new becomes fittable.
  fileprivate func subset(_ part: [ScanRecord], named name: String) -> TrainingScans {
    TrainingScans(records: part, patientIdentity: patientIdentity, fold: fold.inner(name), use: .training, ledger: ledger)
  }
}
