/// Scans by patient, counted by what a fair division should balance.
struct PatientGroups {
  /// One thing to balance: how much of it each patient has.
  struct Amount: Hashable {
    let quantity: Int
    let value: Double
  }

  let patients: [PatientID]
  let labels: [String]
  /// For each patient, the classes (indices into `labels`) among its scans, ascending.
  let labelsOfPatient: [[Int]]
  /// For each patient, its amounts of the quantities, ascending by quantity.
  let amounts: [[Amount]]
  let scansOfPatient: [Int]
  /// For each patient, a number for the set of scanners it was seen on.
  let scannerSetOfPatient: [Int]
  let quantityCount: Int
  private let scannerCount: Int
  private let patientOfRecord: [Int]

  /// Quantities: patients, scans, scans of each scanner, then for each class: its patients, its scans, its scans on each scanner.
  init(_ records: [ScanRecord]) {
    patients = Set(records.map(\.patient)).sorted()
    labels = Set(records.flatMap(\.balanced)).sorted()
    let scanners = Set(records.map(\.scanner)).sorted()
    let numberOfPatient = Dictionary(uniqueKeysWithValues: patients.enumerated().map { ($1, $0) })
    let numberOfLabel = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    let numberOfScanner = Dictionary(uniqueKeysWithValues: scanners.enumerated().map { ($1, $0) })
    scannerCount = scanners.count
    let perLabel = 2 + scannerCount
    quantityCount = 2 + scannerCount + labels.count * perLabel

    var sums = [[Int: Double]](repeating: [0: 1], count: patients.count)
    var scannerSets = [Set<Int>](repeating: [], count: patients.count)
    var labelSets = [Set<Int>](repeating: [], count: patients.count)
    var scans = [Int](repeating: 0, count: patients.count)
    var owner: [Int] = []
    owner.reserveCapacity(records.count)
    for record in records {
      let patient = numberOfPatient[record.patient]!
      let scanner = numberOfScanner[record.scanner]!
      owner.append(patient)
      scans[patient] += 1
      scannerSets[patient].insert(scanner)
      sums[patient][1, default: 0] += 1
      sums[patient][2 + scanner, default: 0] += 1
      for label in record.balanced.map({ numberOfLabel[$0]! }) {
        let base = 2 + scannerCount + label * perLabel
        if labelSets[patient].insert(label).inserted { sums[patient][base] = 1 }
        sums[patient][base + 1, default: 0] += 1
        sums[patient][base + 2 + scanner, default: 0] += 1
      }
    }
    patientOfRecord = owner
    scansOfPatient = scans
    var numberOfSet: [Set<Int>: Int] = [:]
    scannerSetOfPatient = scannerSets.map { set in
      let number = numberOfSet[set] ?? numberOfSet.count
      numberOfSet[set] = number
      return number
    }
    labelsOfPatient = labelSets.map { $0.sorted() }
    amounts = sums.map { $0.sorted { $0.key < $1.key }.map { Amount(quantity: $0.key, value: $0.value) } }
  }

  var count: Int { patients.count }

  /// The number of the quantity that counts the patients with a class.
  func quantityOfPatients(withLabel label: Int) -> Int { 2 + scannerCount + label * (2 + scannerCount) }

  func patientsWithLabel(_ label: Int) -> Int { labelsOfPatient.count { $0.contains(label) } }

  /// The records, in their order, of the patients that `isKept` (by number).
  func records(_ records: [ScanRecord], _ isKept: (Int) -> Bool) -> [ScanRecord] {
    zip(records, patientOfRecord).filter { isKept($0.1) }.map(\.0)
  }
}
