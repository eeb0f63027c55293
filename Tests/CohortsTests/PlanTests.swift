import Cohorts
import Files
import RandomStreams
import Testing

@Suite("Plans by scanner, site, date and file")
struct PlanTests {
  private func record(
    _ number: Int, _ patient: String, scanner: String = "s", label: String? = nil, site: String? = nil, date: String? = nil
  ) -> ScanRecord {
    ScanRecord(
      patient: PatientID(patient), scanner: ScannerID(scanner), label: label, path: "a/case\(number)_0000.png",
      absolutePath: "/none/\(number).png", site: site, date: date)
  }

  private func cohort(_ records: [ScanRecord]) -> Cohort { Cohort(records: records, patientIdentity: .declaredColumn("patient")) }

  @Test("Patients of one class on one scanner: each fold has the floor or ceiling of all, of each class, scanner and class on scanner")
  func exactBalance() throws {
    var random = RandomStream(seed: 3, purpose: "plain cohorts")
    for round in 0..<1500 {
      let patients = Int.random(in: 2...60, using: &random)
      let folds = Int.random(in: 2...min(7, patients), using: &random)
      let classes = Int.random(in: 1...4, using: &random)
      let scanners = Int.random(in: 1...4, using: &random)
      var records: [ScanRecord] = []
      for patient in 0..<patients {
        let draw = Double.random(in: 0..<1, using: &random)
        let label = "c\(Int(draw * draw * Double(classes)))"
        let scanner = "s\(Int.random(in: 0..<scanners, using: &random))"
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          records.append(record(records.count, "p\(patient)", scanner: scanner, label: label))
        }
      }
      let made = try cohort(records).folds(.grouped(folds: folds, seed: UInt64(round)), ledger: Ledger(), under: "cv").folds
      func requireEven(_ isCounted: (ScanRecord) -> Bool) throws {
        let counts = made.map { Set($0.test.records.filter(isCounted).map(\.patient)).count }
        try #require(counts.max()! - counts.min()! <= 1, "round \(round): \(counts)")
      }
      try requireEven { _ in true }
      for label in 0..<classes {
        try requireEven { $0.label == "c\(label)" }
        for scanner in 0..<scanners { try requireEven { $0.label == "c\(label)" && $0.scanner.rawValue == "s\(scanner)" } }
      }
      for scanner in 0..<scanners { try requireEven { $0.scanner.rawValue == "s\(scanner)" } }
    }
  }

  @Test("A thousand random cohorts by site and by date: no patient on both sides, and each test set is what was asked for")
  func sitesAndDates() throws {
    var random = RandomStream(seed: 4, purpose: "sites and dates")
    let border = ScanDate("2024-02-01")!
    var (bySite, byDate, removed) = (0, 0, 0)
    for _ in 0..<1000 {
      let records = (0..<Int.random(in: 4...40, using: &random)).map { number in
        record(
          number, "p\(Int.random(in: 0..<20, using: &random))", site: "h\(Int.random(in: 0..<3, using: &random))",
          date: "2024-0\(Int.random(in: 1...3, using: &random))-1\(Int.random(in: 0...9, using: &random))T08:00")
      }
      let ledger = Ledger()
      for plan in [FoldPlan.leaveOneSiteOut, .temporal(from: border)] {
        guard let made = try? cohort(records).folds(plan, ledger: ledger, under: plan.description) else { continue }
        for fold in made.folds {
          let isTest: (ScanRecord) -> Bool = {
            plan == .leaveOneSiteOut ? $0.site == fold.name.fold : ScanDate($0.date!)! >= border
          }
          try #require(fold.test.records == records.filter(isTest))
          try #require(!fold.training.records.contains(where: isTest))
          try #require(Set(fold.training.patients).isDisjoint(with: fold.test.patients))
          let present = Set(fold.training.patients).union(fold.test.patients).union(fold.removedPatients)
          try #require(present == Set(records.map(\.patient)))
          removed += fold.removedPatients.count
        }
        if plan == .leaveOneSiteOut { bySite += 1 } else { byDate += 1 }
      }
      try #require(ledger.leaks().isEmpty)
    }
    #expect(bySite > 500 && byDate > 500 && removed > 500)
  }

  @Test("Days are read in ISO's and DICOM's form and in no other; they compare as the calendar does")
  func dates() {
    for text in ["2024-02-29", "20240229", "2024-02-29T10:00:00Z", "2024-02-29 10:00"] {
      #expect(ScanDate(text)?.description == "2024-02-29")
    }
    for text in ["2023-02-29", "29.02.2024", "02/29/2024", "2024-2-29", "2024-13-01", "2024-02-29x", "", "0000-01-01"] {
      #expect(ScanDate(text) == nil, "\(text)")
    }
    #expect(ScanDate("2023-12-31")! < ScanDate("2024-01-01")!)
  }

  @Test("A missing or unreadable date or site, one side only, or nobody left to train on: refused with the reason")
  func refusals() throws {
    let date = ScanDate("2024-06-01")!
    func error(_ plan: FoldPlan, _ records: [ScanRecord]) -> FoldError? {
      #expect(throws: FoldError.self) { try cohort(records).folds(plan, ledger: Ledger(), under: "x") }
    }
    let source = "cohort"
    let first = record(0, "p", site: "h", date: "2024-05-01")
    #expect(error(.temporal(from: date), [first, record(1, "q")]) == .missingDate(scan: "a/case1_0000.png", source: source))
    #expect(
      error(.temporal(from: date), [record(0, "p", date: "1.5.2024")])
        == .unreadableDate("1.5.2024", scan: "a/case0_0000.png", source: source))
    #expect(error(.temporal(from: date), [first]) == .oneSideOfDate(date, isBefore: true, source: source))
    #expect(error(.leaveOneSiteOut, [first, record(1, "q")]) == .missingSite(scan: "a/case1_0000.png", source: source))
    #expect(error(.leaveOneSiteOut, [first]) == .tooFewSites(found: 1, source: source))
    let both = [first, record(1, "p", site: "k", date: "2024-07-01")]
    #expect(error(.temporal(from: date), both) == .nothingToTrainOn(fold: "from 2024-06-01", plan: .temporal(from: date)))
    #expect(error(.leaveOneSiteOut, both) == .nothingToTrainOn(fold: "h", plan: .leaveOneSiteOut))
  }

  @Test("nnU-Net's splits_final.json names scans by case or patients; what can't be matched and patients on both sides are refused")
  func splitFile() throws {
    let records = [record(0, "p"), record(1, "q"), record(2, "r"), record(3, "r")]
    let whole = cohort(records)
    try withTemporaryFolder { folder in
      func splits(_ text: String) throws -> [ScanSplit] {
        try AtomicFile.write(text, to: folder + "/splits_final.json")
        return try SplitFile(folder + "/splits_final.json").scans(in: whole)
      }
      let byCase = try splits(#"[{"train": ["case0", "case1"], "val": ["case2", "case3"]}, {"train": ["case2"], "val": ["case0"]}]"#)
      let made = try whole.folds(.scans(byCase), ledger: Ledger(), under: "file")
      #expect(made.folds.map(\.name.fold) == ["0", "1"])
      #expect(made.folds[0].training.patients == ["p", "q"] && made.folds[0].test.patients == ["r"])
      #expect(made.warnings == [.scansInNeither(fold: made.folds[1].name, scans: 2)])
      let byPatient = try splits(#"[{"train": ["p", "q"], "val": ["r"]}]"#)
      #expect(byPatient == [ScanSplit(name: "0", training: byCase[0].training, test: byCase[0].test)])
      let straddling = try splits(#"[{"train": ["case0", "case2"], "val": ["case3"]}]"#)
      #expect(throws: FoldError.patientInTwoSplits("r", "train of fold 0", "val of fold 0", source: "cohort")) {
        try whole.folds(.scans(straddling), ledger: Ledger(), under: "file")
      }
      let path = folder + "/splits_final.json"
      #expect(throws: SplitFileError.unknownID("case9", fold: 0, path: path, source: "cohort")) {
        try splits(#"[{"train": ["case0"], "val": ["case9"]}]"#)
      }
      #expect(throws: SplitFileError.malformed(path: path)) { try splits(#"{"train": []}"#) }
      #expect(throws: SplitFileError.noFolds(path: path)) { try splits("[]") }
    }
  }

  @Test("Patients who share a group are one everywhere: on one side of folds, of validation, of inner folds; their names stay known")
  func groups() throws {
    var random = RandomStream(seed: 5, purpose: "groups")
    for round in 0..<300 {
      var lines = ["path,patient,scanner,label,group"]
      var groupOf: [String: Set<String>] = [:]
      let count = Int.random(in: 8...24, using: &random)
      for number in 0..<count {
        let (patient, group) = ("p\(number / 2)", Int.random(in: 0..<4, using: &random) == 0 ? "g\(number % 3)" : "")
        if !group.isEmpty { groupOf[group, default: []].insert(patient) }
        lines.append("\(number).png,\(patient),s,c\(number % 2),\(group)")
      }
      let loaded = try withTemporaryFolder { folder in
        try Manifest.load(
          try writeCohort(in: folder, manifest: lines.joined(separator: "\n") + "\n", files: (0..<count).map { "\($0).png" }))
      }
      var standsFor: [String: PatientID] = [:]
      for record in loaded.records { standsFor[record.declaredPatient.rawValue] = record.patient }
      for members in groupOf.values { try #require(Set(members.map { standsFor[$0] }).count == 1) }
      let joined = Dictionary(grouping: standsFor.keys) { standsFor[$0]! }.values.filter { $0.count > 1 }
      try #require(loaded.notes.patientsJoined == joined.map(\.count).reduce(0, +) && loaded.notes.groupsOfJoined == joined.count)
      let ledger = Ledger()
      guard let folds = try? loaded.folds(.grouped(folds: 2, seed: UInt64(round)), ledger: ledger, under: "cv").folds else { continue }
      for fold in folds {
        try #require(Set(fold.training.declaredPatients).isDisjoint(with: fold.test.declaredPatients))
        for members in groupOf.values {
          try #require(members.count { fold.test.declaredPatients.map(\.rawValue).contains($0) } % members.count == 0)
        }
        _ = try? fold.training.innerFolds(2, seed: 1)
        _ = try? fold.training.split(validationFraction: 0.3, seed: 1)
      }
      try #require(ledger.leaks().isEmpty)
    }
  }

  @Test("A scope keeps the ledger to folds that are run and scans that may be fitted on")
  func scope() throws {
    let records = (0..<12).map { record($0, "p\($0)", scanner: "s\($0 % 3)", label: "x", site: "h\($0 % 3)") }
    for plan in [FoldPlan.leaveOneScannerOut, .leaveOneSiteOut] {
      let ledger = Ledger()
      let made = try cohort(records).folds(
        plan, ledger: ledger, under: "x", scope: FoldScope(testedScanners: ["s1"], fittedScanners: ["s0"]))
      #expect(made.folds.count == 1 && made.folds[0].test.scanners == ["s1"] && made.folds[0].training.scanners == ["s0"])
      #expect(ledger.entries.count == 8 && Set(ledger.entries.map(\.fold)).count == 1)
    }
  }
}
