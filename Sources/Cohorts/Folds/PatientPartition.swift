import RandomStreams

/// Whole patients dealt into parts of given shares, balanced in patients, scans, scanners, classes and classes on scanners.
///
/// First a cover: each class into each part, where that can be. Then the rest, rarest class and largest patient first, each to the
/// part that needs it most. Then moves and swaps for as long as they lower the imbalance
/// `sum over parts p and quantities q of (x_pq - share_p X_q)^2 / (share_p X_q + 1)`.
/// Where the parts are equal and no patient has two classes, the result is even exactly: of the patients in all, of each class, of each
/// set of scanners and of each class on each such set, a part has the floor or the ceiling of its share (`EquitableParts`).
/// The order of alike patients comes from the seed, so repetitions differ; the order of the records doesn't matter.
struct PatientPartition {
  private(set) var partOfPatient: [Int]
  private(set) var balance: PartitionBalance
  private let groups: PatientGroups

  /// - Parameter shares: of each part, adding up to 1. There must be at least as many patients as parts.
  init(_ groups: PatientGroups, shares: [Double], seed: UInt64, repetition: Int) {
    precondition(groups.count >= shares.count, "\(groups.count) patients cannot fill \(shares.count) parts")
    self.groups = groups
    var random = RandomStream(seed: seed, purpose: "folds", epoch: repetition)
    let patientsWithLabel = groups.labels.indices.map(groups.patientsWithLabel)
    let required = groups.labels.indices.filter { patientsWithLabel[$0] >= shares.count }
    balance = PartitionBalance(groups, shares: shares, required: required)
    partOfPatient = [Int](repeating: -1, count: groups.count)

    let order = Self.order(groups, patientsWithLabel, &random)
    if case .found(let chosen) = ClassCover.search(groups, order: order, required: required, parts: shares.count) {
      for (part, patients) in chosen.enumerated() { for patient in patients { put(patient, into: part) } }
    }
    for patient in order where partOfPatient[patient] < 0 {
      let best = shares.indices.min { cost(ofPutting: patient, into: $0) < cost(ofPutting: patient, into: $1) } ?? 0
      put(patient, into: best)
    }
    improve(order, parts: shares.count, &random)
    if Set(shares).count == 1, groups.labelsOfPatient.allSatisfy({ $0.count <= 1 }) { even(parts: shares.count) }
    let filled = Set(partOfPatient)
    precondition(filled.count == shares.count && !filled.contains(-1), "a part without patients")
  }

  /// Shuffled, then those with the rarest class first, and the larger ones before the smaller.
  private static func order(_ groups: PatientGroups, _ patientsWithLabel: [Int], _ random: inout RandomStream) -> [Int] {
    let shuffled = (0..<groups.count).shuffled(using: &random)
    let rank = Dictionary(uniqueKeysWithValues: shuffled.enumerated().map { ($1, $0) })
    let rarity = groups.labelsOfPatient.map { $0.map { patientsWithLabel[$0] }.min() ?? .max }
    return shuffled.sorted {
      (rarity[$0], -groups.scansOfPatient[$0], rank[$0]!) < (rarity[$1], -groups.scansOfPatient[$1], rank[$1]!)
    }
  }

  private func cost(ofPutting patient: Int, into part: Int) -> Double { balance.change(groups.amounts[patient], in: part, sign: 1) }

  private mutating func put(_ patient: Int, into part: Int) {
    balance.add(groups.amounts[patient], to: part, sign: 1)
    partOfPatient[patient] = part
  }

  private mutating func move(_ patient: Int, to part: Int) {
    balance.add(groups.amounts[patient], to: partOfPatient[patient], sign: -1)
    put(patient, into: part)
  }

  /// What moving would change. Both parts are judged as they are, which is exact because they are different parts.
  private func cost(ofMoving patient: Int, to part: Int) -> Double {
    balance.change(groups.amounts[patient], in: partOfPatient[patient], sign: -1) + cost(ofPutting: patient, into: part)
  }

  private mutating func improve(_ order: [Int], parts: Int, _ random: inout RandomStream) {
    let evaluations = 400_000
    let passes = 12
    let partners = min(groups.count - 1, max(4, evaluations / (passes * groups.count)))
    for _ in 0..<passes {
      var improved = false
      for patient in order {
        for part in 0..<parts where part != partOfPatient[patient] && cost(ofMoving: patient, to: part) < -1e-9 {
          move(patient, to: part)
          improved = true
        }
        for step in 1...max(1, partners) where groups.count > 1 {
          let partner =
            partners == groups.count - 1 ? (patient + step) % groups.count : Int.random(in: 0..<groups.count, using: &random)
          if partOfPatient[partner] != partOfPatient[patient], swap(patient, partner) { improved = true }
        }
      }
      if !improved { break }
    }
  }

  /// Makes the counts of patients exactly even, then exchanges alike patients where that evens their scans.
  private mutating func even(parts: Int) {
    let rows = groups.labelsOfPatient.map { $0.first ?? -1 }
    let evened = EquitableParts(evening: partOfPatient, parts: parts, rows: rows, columns: groups.scannerSetOfPatient).partOfMember
    guard evened != partOfPatient else { return }
    for patient in evened.indices where evened[patient] != partOfPatient[patient] { move(patient, to: evened[patient]) }
    let alike = Dictionary(grouping: evened.indices) { [rows[$0], groups.scannerSetOfPatient[$0]] }
    for patients in alike.values.sorted(by: { $0[0] < $1[0] }) {
      for first in patients {
        for second in patients.prefix(200) where partOfPatient[first] != partOfPatient[second] { _ = swap(first, second) }
      }
    }
  }

  /// Exchanges the parts of two patients if that helps.
  private mutating func swap(_ first: Int, _ second: Int) -> Bool {
    let (home, away) = (partOfPatient[first], partOfPatient[second])
    let there = cost(ofMoving: first, to: away)
    move(first, to: away)
    if there + cost(ofMoving: second, to: home) < -1e-9 {
      move(second, to: home)
      return true
    }
    move(first, to: home)
    return false
  }
}

/// How far parts are from their shares, and what would change it.
struct PartitionBalance {
  private let shares: [Double]
  private let quantityCount: Int
  private let totals: [Double]
  /// For a quantity that counts a class's patients: whether each part needs one.
  private let isClassCount: [Bool]
  private let isRequired: [Bool]
  private var values: [Double]

  init(_ groups: PatientGroups, shares: [Double], required: [Int]) {
    self.shares = shares
    quantityCount = groups.quantityCount
    var totals = [Double](repeating: 0, count: groups.quantityCount)
    for amount in groups.amounts.joined() { totals[amount.quantity] += amount.value }
    self.totals = totals
    var classCounts = [Bool](repeating: false, count: groups.quantityCount)
    var requirements = classCounts
    for label in groups.labels.indices { classCounts[groups.quantityOfPatients(withLabel: label)] = true }
    for label in required { requirements[groups.quantityOfPatients(withLabel: label)] = true }
    isClassCount = classCounts
    isRequired = requirements
    values = [Double](repeating: 0, count: groups.quantityCount * shares.count)
  }

  /// Imbalance, and so much more for what a fold must not be that no balance pays for it: empty; all there is of a class (nothing is
  /// left to train on); without a class that each part can have.
  private func cost(_ quantity: Int, _ part: Int, _ value: Double) -> Double {
    let wanted = shares[part] * totals[quantity]
    var cost = (value - wanted) * (value - wanted) / (wanted + 1)
    if quantity == 0, value == 0 { cost += 1e12 }
    if isClassCount[quantity], totals[quantity] >= 2, value == totals[quantity] { cost += 1e8 }
    if isRequired[quantity], value == 0 { cost += 1e10 }
    return cost
  }

  /// The change of cost if a patient with these amounts came to (sign 1) or left (sign -1) the part.
  func change(_ amounts: [PatientGroups.Amount], in part: Int, sign: Double) -> Double {
    var change = 0.0
    for amount in amounts {
      let value = values[part * quantityCount + amount.quantity]
      change += cost(amount.quantity, part, value + sign * amount.value) - cost(amount.quantity, part, value)
    }
    return change
  }

  mutating func add(_ amounts: [PatientGroups.Amount], to part: Int, sign: Double) {
    for amount in amounts { values[part * quantityCount + amount.quantity] += sign * amount.value }
  }
}
