import Cohorts
import RandomStreams
import Testing

@Suite("Nested, stratified parts of a fold's training patients")
struct NestedPatientsTests {
  /// Patients with one to three scans of one or several classes, some scans without a label.
  private func cohort(_ random: inout RandomStream) -> Cohort {
    let classes = (0..<Int.random(in: 2...5, using: &random)).map { "class \($0)" }
    let patients = Int.random(in: (classes.count * 3)...60, using: &random)
    var records: [ScanRecord] = []
    for patient in 0..<patients {
      // The first patients see to it that there are three of each class; the others favour the first classes.
      let own =
        patient < classes.count * 3
        ? patient % classes.count
        : min(Int.random(in: 0..<classes.count, using: &random), Int.random(in: 0..<classes.count, using: &random))
      for scan in 0..<Int.random(in: 1...3, using: &random) {
        let other = Int.random(in: 0..<8, using: &random)
        let label = scan == 0 ? classes[own] : other == 0 ? nil : other == 1 ? classes.randomElement(using: &random)! : classes[own]
        let path = "\(patient)-\(scan).png"
        records.append(ScanRecord(patient: PatientID("p\(patient)"), scanner: "s", label: label, path: path, absolutePath: "/" + path))
      }
    }
    return Cohort(records: records, patientIdentity: .declaredColumn("patient"))
  }

  @Test("Each part holds the smaller ones; from as many patients as classes on it has every class, each near its share", arguments: 0..<40)
  func nestedAndStratified(seed: Int) throws {
    var random = RandomStream(seed: UInt64(seed), purpose: "nested patients test")
    let whole = cohort(&random)
    let ledger = Ledger()
    let fold = try whole.folds(.grouped(folds: 3, seed: 1), ledger: ledger, under: "test").folds[seed % 3]
    let order = try fold.training.nestedPatients(draw: seed % 4, seed: 7)
    #expect(Set(order.order) == Set(fold.training.labelled.patients) && order.count == order.order.count)
    let classes = fold.training.labelled.labels
    let pure = Dictionary(grouping: fold.training.labelledRecords, by: \.patient).mapValues { Set($0.map(\.label!)) }
    var smaller: Set<ScanID> = []
    for size in 1...order.count {
      let part = order.first(size)
      let scans = Set(part.records.map(\.id))
      #expect(scans.isSuperset(of: smaller) && part.patients.count == size && part.records.allSatisfy { $0.label != nil })
      smaller = scans
      guard size >= classes.count else { continue }
      #expect(part.labels == classes)
      // Of the patients with one class, none strays further from its share than the first one of each class and rounding allow.
      guard pure.values.allSatisfy({ $0.count == 1 }) else { continue }
      for label in classes {
        let share = Double(pure.values.count { $0.contains(label) }) / Double(pure.count)
        let here = Double(part.patients.count { pure[$0]!.contains(label) })
        #expect(abs(here - share * Double(size)) <= Double(classes.count))
      }
    }
    #expect(ledger.leaks().isEmpty)
    // Every part is in the ledger, and holds none of the fold's test patients.
    let tested = Set(fold.test.patients)
    let inner = ledger.entries.filter { $0.fold.inner != nil && $0.fold.outer == fold.name }
    #expect(Set(inner.map(\.fold)).count == order.count && inner.allSatisfy { $0.use == .training && !tested.contains($0.patient) })
  }

  @Test("Draws and seeds order patients differently; the same ones, the same way")
  func draws() throws {
    var random = RandomStream(seed: 3, purpose: "nested patients test")
    let fold = try cohort(&random).folds(.grouped(folds: 2, seed: 1), ledger: Ledger(), under: "test").folds[0]
    let first = try fold.training.nestedPatients(draw: 0, seed: 1).order
    #expect(try fold.training.nestedPatients(draw: 0, seed: 1).order == first)
    #expect(try fold.training.nestedPatients(draw: 1, seed: 1).order != first)
    #expect(try fold.training.nestedPatients(draw: 0, seed: 2).order != first)
  }
}
