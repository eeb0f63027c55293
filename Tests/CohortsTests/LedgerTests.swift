import Cohorts
import Files
import Testing

@Suite("The ledger and the names in it")
struct LedgerTests {
  private let key = [UInt8]((0..<32).map { UInt8($0) })

  private var sample: Cohort {
    cohort((0..<12).map { ("patient \($0 / 2)", $0 % 4 < 2 ? "a" : "b", $0 % 3 == 0 ? "x" : "y") })
  }

  @Test("Each making of a role is in the ledger: training, validation, test, transductive, fitting")
  func uses() throws {
    let ledger = Ledger()
    let fold = try sample.folds(.grouped(folds: 3, seed: 1), ledger: ledger, under: "cv").folds[0]
    func count(_ use: Ledger.Use) -> Int { ledger.entries.count { $0.use == use && ($0.fold == fold.name || use == .fitting) } }
    #expect((count(.training), count(.test)) == (8, 4))
    let (kept, validation) = try fold.training.split(validationFraction: 0.25, seed: 1)
    #expect((count(.training), count(.validation)) == (kept.count, validation.count))
    #expect(count(.training) + count(.validation) == 8)
    let transductive = fold.test.transductively()
    #expect(transductive.isTransductive && transductive.labels.isEmpty)
    #expect(count(.transductive) == 4)
    #expect(ledger.leaks().isEmpty)
    _ = sample.allForFitting(ledger)
    #expect(count(.fitting) == 12)
  }

  @Test("Inner folds are made of training patients only: the ledger shows no test patient in them, and each selected by once")
  func innerFolds() throws {
    let ledger = Ledger()
    for fold in try sample.folds(.grouped(folds: 2, seed: 1), ledger: ledger, under: "cv").folds {
      let inner = try fold.training.innerFolds(3, seed: 2)
      #expect(inner.flatMap { $0.selection.records.map(\.id) }.sorted() == fold.training.records.map(\.id).sorted())
      for division in inner { _ = try division.training.split(validationFraction: 0.5, seed: 1) }
      let tested = Set(fold.test.patients)
      let inside = ledger.entries(ofOuter: fold.name).filter { $0.fold.inner != nil }
      #expect(Set(inside.map(\.fold.inner)) == ["1", "2", "3"] && Set(inside.map(\.use)) == [.training, .validation, .selection])
      #expect(tested.isDisjoint(with: inside.map(\.patient)))
    }
    #expect(ledger.leaks().isEmpty)
    #expect(throws: FoldError.self) { try sample.allForFitting(Ledger()).innerFolds(7, seed: 1) }
  }

  @Test("A ledger taken up again is the same, and a planted use of a test patient is found in the outer or the inner fold")
  func plantedLeak() throws {
    let ledger = Ledger()
    let fold = try sample.folds(.grouped(folds: 2, seed: 1), ledger: ledger, under: "cv").folds[0]
    let inner = try fold.training.innerFolds(2, seed: 1)[0]
    let written = ledger.entries
    let other = Ledger()
    other.replace(outer: fold.name, by: written)
    #expect(other.entries == ledger.entries(ofOuter: fold.name))
    func leaks(adding scan: ScanRecord, in name: FoldName, as use: Ledger.Use) -> [Ledger.Leak] {
      let entry = Ledger.Entry(fold: name, use: use, scan: scan.id, patient: scan.patient, scanner: scan.scanner)
      other.replace(outer: fold.name, by: written + [entry])
      return other.leaks()
    }
    let tested = fold.test.records[0]
    let outer = [Ledger.Leak(fold: fold.name, patient: tested.patient)]
    #expect(leaks(adding: tested, in: fold.name, as: .training) == outer)
    #expect(leaks(adding: tested, in: fold.name.inner("2"), as: .selection) == outer)
    #expect(leaks(adding: tested, in: fold.name, as: .transductive).isEmpty)
    let chosenBy = inner.selection.records[0]
    #expect(
      leaks(adding: chosenBy, in: fold.name.inner("1"), as: .validation)
        == [Ledger.Leak(fold: fold.name.inner("1"), patient: chosenBy.patient)])
  }

  @Test("The ledger's text has pseudonyms and no name, is the same for the same key, and is sorted")
  func text() throws {
    let ledger = Ledger()
    _ = try sample.folds(.grouped(folds: 2, seed: 1), ledger: ledger, under: "cv, within")
    let text = ledger.csv(Pseudonyms(key: key))
    let lines = text.split(separator: "\n")
    #expect(lines[0] == "format,protocol,repetition,fold,inner_fold,use,scanner,scan,patient")
    #expect(lines.count == 25)
    #expect(lines[1].hasPrefix("2,\"cv, within\",1,1,,test,"))
    #expect(!text.contains("patient ") && !text.contains(".png"))
    #expect(text == ledger.csv(Pseudonyms(key: key)))
    #expect(text != ledger.csv(Pseudonyms(key: key.reversed())))
  }

  @Test("A pseudonym is the start of HMAC-SHA256, in Crockford's base 32")
  func pseudonym() {
    // Python: base 32 of the first 60 bits of hmac.new(bytes(range(32)), b"patient\0007", "sha256").
    let names = Pseudonyms(key: key)
    #expect(names.patient("007") == Self.expectedPatient)
    #expect(names.scan("007") != names.patient("007"))
    #expect(names.patient("e\u{301}") == names.patient("\u{E9}"))
    let many = Set((0..<20_000).map { names.patient(PatientID("p\($0)")) })
    #expect(many.count == 20_000)
  }

  @Test("A key file is read without its line end; a short or missing one is refused")
  func keyFile() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write(Array("0123456789abcdef0123\n".utf8), to: folder + "/key")
      let names = try Pseudonyms(keyFile: folder + "/key")
      #expect(names.keyID == Pseudonyms(key: Array("0123456789abcdef0123".utf8)).keyID)
      try AtomicFile.write(Array("short\n".utf8), to: folder + "/key")
      #expect(throws: PseudonymKeyError.tooShort(path: folder + "/key", foundBytes: 5)) { try Pseudonyms(keyFile: folder + "/key") }
      #expect(throws: PseudonymKeyError.self) { try Pseudonyms(keyFile: folder + "/none") }
    }
  }

  @Test("Patients shared with a model are found with its key, and unknown with another")
  func overlap() {
    let names = Pseudonyms(key: key)
    let seen = PatientHashes(["p", "q"], names)
    #expect(seen.overlap(with: ["q", "r"], names) == .patients(["q"]))
    #expect(seen.overlap(with: ["r"], names) == .patients([]))
    #expect(seen.overlap(with: ["q"], Pseudonyms(key: key.reversed())) == .unknown)
    #expect(seen.union(PatientHashes(["r"], names))?.hashes.count == 3)
  }

  @Test("Permuted labels go to whole patients, keep unlabelled scans so, and keep the number of patients of each class")
  func permutation() {
    let original = cohort((0..<100).map { ("p\($0 / 2)", "s", $0 == 0 ? nil : $0 / 2 % 2 == 0 ? "x" : "y") })
    let permuted = original.permutingLabels(seed: 5)
    #expect(permuted.records.map(\.id) == original.records.map(\.id))
    #expect(permuted.records[0].label == nil)
    for patient in permuted.patients {
      #expect(Set(permuted.records.filter { $0.patient == patient }.compactMap(\.label)).count == 1)
    }
    func patients(_ cohort: Cohort, _ label: String) -> Int { Set(cohort.records.filter { $0.label == label }.map(\.patient)).count }
    #expect(patients(permuted, "x") == 25 && patients(permuted, "y") == 25)
    #expect(zip(permuted.records, original.records).count { $0.label != $1.label } > 25)
    #expect(permuted.records == original.permutingLabels(seed: 5).records)
  }

  private static let expectedPatient = "P-BQ4F-V0BY-9YK6"
}
