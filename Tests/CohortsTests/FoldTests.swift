import Cohorts
import RandomStreams
import Testing

@Suite("No patient is on both sides")
struct FoldTests {
  typealias Row = (patient: String, scanner: String, label: String?)

  /// A random cohort of up to 40 patients, some with several classes or scanners, some scans without a label.
  private func randomCohort(_ random: inout RandomStream) -> Cohort {
    let patients = Int.random(in: 2...40, using: &random)
    let labels = Int.random(in: 1...4, using: &random)
    let scanners = Int.random(in: 1...4, using: &random)
    let mixes = Bool.random(using: &random)
    var rows: [Row] = []
    for patient in 0..<patients {
      let home = Int.random(in: 0..<scanners, using: &random)
      // Squares make the last classes rare.
      let draw = Double.random(in: 0..<1, using: &random)
      let label = Int(draw * draw * Double(labels))
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        let scanner = Int.random(in: 0..<10, using: &random) == 0 ? Int.random(in: 0..<scanners, using: &random) : home
        let own = mixes && Bool.random(using: &random) ? Int.random(in: 0..<labels, using: &random) : label
        rows.append(("p\(patient)", "s\(scanner)", Int.random(in: 0..<12, using: &random) == 0 ? nil : "c\(own)"))
      }
    }
    return cohort(rows.shuffled(using: &random))
  }

  @Test("Three thousand random cohorts: folds are disjoint in patients, never empty, and cover every scan once")
  func randomCohorts() throws {
    var random = RandomStream(seed: 1, purpose: "random cohorts")
    for round in 0..<3000 {
      let cohort = randomCohort(&random)
      let ledger = Ledger()
      let count = Int.random(in: 2...min(6, cohort.patients.count), using: &random)
      let folds = try cohort.folds(.grouped(folds: count, seed: UInt64(round)), ledger: ledger, under: "cv").folds
      try #require(folds.count == count)
      for fold in folds {
        try #require(!fold.test.records.isEmpty && !fold.training.records.isEmpty)
        try #require(Set(fold.test.patients).isDisjoint(with: fold.training.patients))
        try #require(fold.test.count + fold.training.count == cohort.count)
        if fold.training.patients.count >= 2 {
          let (kept, validation) = try fold.training.split(validationFraction: 0.25, seed: UInt64(round))
          try #require(!kept.records.isEmpty && !validation.records.isEmpty)
          try #require(Set(kept.patients).isDisjoint(with: validation.patients))
          try #require(Set(validation.patients).isDisjoint(with: fold.test.patients))
          try #require(kept.count + validation.count == fold.training.count)
        }
      }
      try #require(folds.flatMap { $0.test.records.map(\.id) }.sorted() == cohort.records.map(\.id).sorted())
      try #require(ledger.leaks().isEmpty)
      // A class in one patient only is missing from the training of that fold; any other is in every training set.
      for label in cohort.labels where Set(cohort.records.filter { $0.label == label }.map(\.patient)).count >= 2 {
        try #require(folds.allSatisfy { $0.training.labels.contains(label) })
      }
      if cohort.scanners.count >= 2, let held = try? cohort.folds(.leaveOneScannerOut, ledger: ledger, under: "scanner") {
        for fold in held.folds {
          try #require(Set(fold.test.patients).isDisjoint(with: fold.training.patients))
          try #require(fold.test.scanners == [fold.scanner!] && !fold.training.scanners.contains(fold.scanner!))
        }
        try #require(ledger.leaks().isEmpty)
      }
    }
  }

  /// Whether some division of the patients puts every class into each of `folds` parts, by trying all of them.
  private func divisionExists(_ classes: [Set<Int>], folds: Int, labels: Int) -> Bool {
    var parts = [[Int]](repeating: [Int](repeating: 0, count: labels), count: folds)
    func place(_ patient: Int) -> Bool {
      if patient == classes.count { return parts.allSatisfy { $0.allSatisfy { $0 > 0 } } }
      for part in 0..<min(folds, patient + 1) {
        for label in classes[patient] { parts[part][label] += 1 }
        if place(patient + 1) { return true }
        for label in classes[patient] { parts[part][label] -= 1 }
      }
      return false
    }
    return place(0)
  }

  @Test("Every class is in every fold exactly where trying all divisions finds one that does it")
  func classesWhereverPossible() throws {
    var random = RandomStream(seed: 2, purpose: "small cohorts")
    var possible = 0
    var impossible = 0
    for round in 0..<400 {
      let folds = Int.random(in: 2...3, using: &random)
      let labels = Int.random(in: 2...4, using: &random)
      let classes = (0..<Int.random(in: folds...8, using: &random)).map { _ in
        Set((0..<Int.random(in: 1...labels, using: &random)).map { _ in Int.random(in: 0..<labels, using: &random) })
      }
      let all = Set(0..<labels)
      guard classes.reduce(Set(), { $0.union($1) }) == all else { continue }
      let rows = classes.enumerated().flatMap { patient, own in own.sorted().map { ("p\(patient)", "s", "c\($0)") as Row } }
      let made = try cohort(rows).folds(.grouped(folds: folds, seed: UInt64(round)), ledger: Ledger(), under: "cv")
      let isComplete = made.folds.allSatisfy { $0.test.labels.count == labels }
      let exists = divisionExists(classes, folds: folds, labels: labels)
      #expect(isComplete == exists)
      #expect(made.warnings.isEmpty == exists)
      if exists { possible += 1 } else { impossible += 1 }
    }
    #expect(possible > 50 && impossible > 50)
  }

  @Test("Single scans of two classes on two scanners are dealt to within one scan of perfect balance")
  func balance() throws {
    // 60 patients in four cells of 15: 5 folds must get 3 of each.
    let rows: [Row] = (0..<60).map { ("p\($0)", $0 % 2 == 0 ? "a" : "b", ($0 / 2) % 2 == 0 ? "x" : "y") }
    let made = try cohort(rows).folds(.grouped(folds: 5, seed: 3), ledger: Ledger(), under: "cv")
    for fold in made.folds {
      for scanner in ["a", "b"] {
        for label in ["x", "y"] {
          let cell = fold.test.records.filter { $0.scanner.rawValue == scanner && $0.label == label }
          #expect(cell.count == 3)
        }
      }
    }
    #expect(made.warnings.isEmpty)
  }

  @Test("The order of rows doesn't change folds; the seed does; repetitions differ")
  func determinism() throws {
    let rows: [Row] = (0..<30).map { ("p\($0)", "s\($0 % 2)", "c\($0 % 3)") }
    let records = scans(rows)
    func division(_ records: [ScanRecord], seed: UInt64, repeats: Int = 1) throws -> [[PatientID]] {
      let cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"))
      return try cohort.folds(.grouped(folds: 3, seed: seed, repeats: repeats), ledger: Ledger(), under: "cv").folds.map(\.test.patients)
    }
    #expect(try division(records, seed: 1) == division(records.reversed(), seed: 1))
    #expect(try division(records, seed: 1) != division(records, seed: 2))
    let twice = try division(records, seed: 1, repeats: 2)
    #expect(Array(twice[..<3]) == (try division(records, seed: 1)))
    #expect(Array(twice[3...]) != Array(twice[..<3]))
  }

  @Test("What is impossible is refused with its reason")
  func refusals() throws {
    let two = cohort([("p", "s", "x"), ("q", "s", "y"), ("q", "s", "x")])
    #expect(throws: FoldError.moreFoldsThanPatients(folds: 3, patients: 2, source: "cohort")) {
      try two.folds(.grouped(folds: 3, seed: 1), ledger: Ledger(), under: "cv")
    }
    #expect(throws: FoldError.tooFewFolds(1)) { try two.folds(.grouped(folds: 1, seed: 1), ledger: Ledger(), under: "cv") }
    #expect(throws: FoldError.tooFewScanners(found: 1, source: "cohort")) {
      try two.folds(.leaveOneScannerOut, ledger: Ledger(), under: "cv")
    }
    #expect(throws: FoldError.nothingToTrainOn(fold: "a", plan: .leaveOneScannerOut)) {
      try cohort([("p", "a", "x"), ("p", "b", "x")]).folds(.leaveOneScannerOut, ledger: Ledger(), under: "cv")
    }
    let warnings = try two.folds(.grouped(folds: 2, seed: 1), ledger: Ledger(), under: "cv").warnings
    #expect(warnings.contains(.classInFewerPatientsThanFolds(label: "y", patients: 1, folds: 2)))
    #expect(warnings.contains { if case .trainingLacksClass(_, "y") = $0 { true } else { false } })
  }

  @Test("A patient seen on the tested scanner and on another is in no training set of that fold, and is counted")
  func patientsOnTwoScanners() throws {
    let rows: [Row] = [("p", "a", "x"), ("q", "b", "x"), ("both", "a", "x"), ("both", "b", "x"), ("r", "c", "x")]
    let made = try cohort(rows).folds(.leaveOneScannerOut, ledger: Ledger(), under: "scanner")
    #expect(made.folds.map(\.name.fold) == ["a", "b", "c"])
    #expect(made.folds[0].removedPatients == ["both"])
    #expect(made.folds[0].training.patients == ["q", "r"])
    #expect(made.folds[2].training.patients == ["both", "p", "q"])
    #expect(
      made.warnings == [
        .patientsRemoved(fold: made.folds[0].name, patients: 1, scans: 1),
        .patientsRemoved(fold: made.folds[1].name, patients: 1, scans: 1),
      ])
  }

  @Test("The manifest's own split is used as it is, and refused where a patient straddles")
  func declaredSplit() throws {
    func cohort(_ splits: [(String, String)]) -> Cohort {
      Cohort(
        records: splits.enumerated().map {
          ScanRecord(patient: PatientID($1.0), scanner: "s", label: "x", path: "\($0).png", absolutePath: "/\($0).png", split: $1.1)
        }, patientIdentity: .declaredColumn("patient"))
    }
    let fold = try cohort([("p", "Train"), ("q", "val"), ("r", "test")]).folds(.splitColumn, ledger: Ledger(), under: "split").folds[0]
    #expect(fold.training.patients == ["p"] && fold.validation?.patients == ["q"] && fold.test.patients == ["r"])
    #expect(throws: FoldError.patientInTwoSplits("p", "train", "test", source: "cohort")) {
      try cohort([("p", "train"), ("p", "test")]).folds(.splitColumn, ledger: Ledger(), under: "split")
    }
    #expect(throws: FoldError.unknownSplit("holdout", scan: "0.png", source: "cohort")) {
      try cohort([("p", "holdout")]).folds(.splitColumn, ledger: Ledger(), under: "split")
    }
  }

  @Test("Ten thousand patients are divided evenly")
  func many() throws {
    let rows: [Row] = (0..<30_000).map { ("p\($0 / 3)", "s\($0 % 7)", "c\($0 / 3 % 5)") }
    let made = try cohort(rows).folds(.grouped(folds: 10, seed: 1), ledger: Ledger(), under: "cv")
    #expect(made.folds.allSatisfy { $0.test.patients.count == 1000 })
  }
}
