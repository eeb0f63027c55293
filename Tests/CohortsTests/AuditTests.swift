import Cohorts
import Files
import Imaging
import Testing

@Suite("The audit finds what was planted, and nothing else")
struct AuditTests {
  @Test("A clean cohort raises nothing", arguments: 1...6 as ClosedRange<UInt64>)
  func clean(seed: UInt64) throws {
    let result = try AuditPhantoms(seed: seed).audit()
    #expect(result.alarms == [] && !result.hasLeak && result.failures.isEmpty && result.groups.isEmpty)
    #expect(result.searched == 24)
  }

  @Test("A patient in two splits leaks")
  func twoSplits() throws {
    var phantoms = try AuditPhantoms()
    for index in phantoms.scans.indices { phantoms.scans[index].split = index % 3 == 0 ? "test" : "train" }
    phantoms.scans[1].patient = phantoms.scans[3].patient
    let result = try phantoms.audit()
    #expect(result.alarms == [.patientInTwoSplits] && result.hasLeak)
    #expect(result.finding(.patientInTwoSplits)?.patients == [PatientID(phantoms.scans[3].patient)])
    #expect(result.finding(.patientInTwoSplits)?.scanCount == 2)
  }

  @Test("The same pixels in other bytes, as 16 bits, under another patient: one group is proposed")
  func reencoded() throws {
    var phantoms = try AuditPhantoms()
    let original = phantoms.scans[2]
    #expect(original.image.bitDepth == 8)
    let doubled = GrayImage(
      width: original.image.width, height: original.image.height, bitDepth: 16, samples: original.image.samples.map { $0 * 257 })
    phantoms.plant(doubled, of: 2)
    let result = try phantoms.audit()
    let patients = [PatientID(original.patient), PatientID("someone-24")].sorted()
    #expect(result.finding(.samePixels)?.severity == .leak && result.finding(.samePixels)?.groups == [patients])
    #expect(result.groups == [patients])
    #expect(result.finding(.nearDuplicates) == nil)
  }

  @Test("Equal pixels under different labels are a warning, within one patient a note")
  func labelsAndRepeats() throws {
    var phantoms = try AuditPhantoms()
    phantoms.plant(phantoms.scans[0].image, of: 0)
    phantoms.scans[24].patient = phantoms.scans[0].patient
    var result = try phantoms.audit()
    #expect(result.alarms == [] && result.finding(.repeatedScans)?.severity == .note)
    phantoms.scans[24].label = phantoms.scans[0].label == "lesion" ? "benign" : "lesion"
    result = try phantoms.audit()
    #expect(result.alarms == [.labelConflict] && !result.hasLeak)
  }

  @Test("Scans of one value each are one finding with their count, whatever the values are")
  func constant() throws {
    var phantoms = try AuditPhantoms()
    for index in 0..<5 { phantoms.scans[index].image = phantoms.scans[index].image.mapped { _ in Double(index) / 8 } }
    let expectations = AuditExpectations(
      preprocessing: Preprocessing(scaling: .zScore), labels: ["benign", "lesion"], fittedPatients: [], knowsAllPatients: true)
    let refused = try phantoms.audit(for: expectations).findings.filter { $0.kind == .refusedByModel }
    #expect(refused.count == 1 && refused[0].scanCount == 5 && refused[0].scans.count == 5)
    #expect(refused[0].subject?.hasPrefix("every sample has the same value; scale=") == true)
  }

  @Test("Names that differ in case, inner spaces, full-width letters or leading zeros are found; composed and decomposed are one name")
  func names() throws {
    var phantoms = try AuditPhantoms()
    let names = [
      "Mueller 1", "mueller1", "\u{FF2D}UELLER\u{200B}1", "M\u{FC}ller", "Mu\u{308}ller", "007", "7", "alpha-x",
    ]
    for (index, name) in names.enumerated() { phantoms.scans[index].patient = name }
    let result = try phantoms.audit()
    #expect(result.alarms == [.patientNameVariants, .patientLeadingZeros])
    #expect(result.finding(.patientNameVariants)?.groups == [[PatientID(names[0]), PatientID(names[1]), PatientID(names[2])]])
    #expect(result.finding(.patientLeadingZeros)?.patients == ["007", "7"])
    #expect(result.patients == 23)
  }

  @Test("A confounded cohort gets a warning, and so do classes on one scanner")
  func confounded() throws {
    var phantoms = try AuditPhantoms()
    for index in phantoms.scans.indices { phantoms.scans[index].label = phantoms.scans[index].scanner == "alpha" ? "lesion" : "benign" }
    let result = try phantoms.audit()
    let finding = try #require(result.finding(.labelGoesWithScanner))
    #expect(finding.severity == .warning)
    #expect(finding.numbers.first { $0.name == "Cramér's V" }?.value == 1)
    #expect(result.findings.count { $0.kind == .classOnOneScanner && $0.severity == .warning } == 2)
    #expect(!result.hasLeak)
  }

  @Test("Of several findings a scan, the one that goes with scanners is named, and copies that know otherwise of it conflict")
  func findings() throws {
    var phantoms = try AuditPhantoms()
    phantoms.plant(phantoms.scans[0].image, of: 0)
    phantoms.scans[24].patient = phantoms.scans[0].patient
    let result = try withTemporaryFolder { folder in
      let cohort = try phantoms.cohort(in: folder)
      let records = cohort.records.enumerated().map { index, record in
        // "bright" is the scanner's; "lesion", but for the copy's, the phantom's, where somebody looked.
        var findings = ["bright": record.scanner == "alpha"]
        if index % 5 != 4 || index == 24 { findings["lesion"] = (record.label == "lesion") != (index == 24) }
        return ScanRecord(
          patient: record.patient, scanner: record.scanner, findings: findings, path: record.path, absolutePath: record.absolutePath)
      }
      return Audit(
        Cohort(records: records, patientIdentity: .declaredColumn("patient")), settings: AuditSettings(threads: 2, permutations: 1999)
      ).run()
    }
    #expect(result.finding(.labelConflict)?.scanCount == 2)
    let confounded = result.findings.filter { $0.kind == .labelGoesWithScanner }
    #expect(confounded.map(\.subject) == ["scanner (finding 'bright')"])
    #expect(confounded.first?.numbers.first { $0.name == "Cramér's V" }?.value == 1)
    #expect(result.associations.map(\.subject).contains("scanner (finding 'lesion')"))
    let single = result.findings.filter { $0.kind == .classOnOneScanner && $0.severity == .warning }.map(\.subject)
    #expect(single == ["finding 'bright' absent on 'beta'", "finding 'bright' present on 'alpha'"])
  }

  @Test("Labels that go with padding, within scanners, are found")
  func borders() throws {
    var phantoms = try AuditPhantoms()
    for index in phantoms.scans.indices where phantoms.scans[index].label == "lesion" {
      phantoms.scans[index].image = phantoms.scans[index].image.rearranged { x, y in x < 8 ? nil : (x, y) }
    }
    let result = try phantoms.audit()
    #expect(result.alarms == [.labelGoesWithFiles])
    #expect(result.finding(.labelGoesWithFiles)?.subject == "constant border")
    #expect(result.findings.filter { $0.kind == .constantBorders }.map(\.subject) == ["alpha", "beta"])
  }

  @Test("Inverted, blank, saturated, rescaled and oddly stored scans are found by their own checks")
  func files() throws {
    var phantoms = try AuditPhantoms()
    let flat = GrayImage(width: 64, height: 64, bitDepth: 8, samples: Array(repeating: 9, count: 64 * 64))
    phantoms.scans[0].image = phantoms.scans[0].image.inverted
    phantoms.scans[1].image = flat
    phantoms.scans[2].image = flat
    phantoms.scans[3].image = phantoms.scans[3].image.mapped { $0 > 0.45 ? 1 : $0 * 1.5 }
    phantoms.scans[4].image = phantoms.scans[4].image.mapped { $0 / 16 }
    phantoms.scans[5].image = phantoms.scans[5].image.mapped(to: 16) { $0 * 0.999 }
    let result = try phantoms.audit()
    func scans(_ kind: AuditFinding.Kind) -> [ScanID]? { result.finding(kind)?.scans }
    func id(_ index: Int) -> ScanID { ScanID(phantoms.scans[index].path) }
    #expect(scans(.inverted) == [id(0)])
    #expect(scans(.blank) == [id(1), id(2)])
    #expect(scans(.saturated) == [id(3)] && result.finding(.saturated)?.severity == .note, "one of ten is a note")
    #expect(scans(.rangeOutliers) == [id(4), id(5)])
    #expect(scans(.mixedFormats) == [id(5)])
    #expect(result.finding(.samePixels) == nil, "blank scans are no duplicates")
    #expect(result.alarms == [.blank, .mixedFormats, .inverted, .rangeOutliers])
  }

  @Test("Damaged files, and files without rows, are listed and counted")
  func damaged() throws {
    var phantoms = try AuditPhantoms()
    phantoms.scans[0].bytes = Array(PNGWriter.encode(phantoms.scans[0].image).dropLast(200))
    phantoms.scans[7].bytes = Array("no picture".utf8)
    phantoms.strays = ["stray.png", "alpha/other.PNG"]
    let result = try phantoms.audit()
    #expect(result.failures.map(\.path) == [phantoms.scans[0].path, phantoms.scans[7].path])
    #expect(result.alarms == [.unreadable])
    #expect(result.finding(.filesWithoutRows)?.scanCount == 2)
  }

  @Test("Labels, refusals, ranges and known patients are checked against the model")
  func model() throws {
    var phantoms = try AuditPhantoms()
    let pseudonyms = Pseudonyms(key: Array(0..<32))
    let known = [PatientID(phantoms.scans[0].patient), PatientID("nobody")]
    var expectations = AuditExpectations(
      preprocessing: Preprocessing(scaling: .window(low: 40_000, high: 60_000)), labels: ["benign", "malignant"],
      fittedPatients: [PatientHashes(known, pseudonyms)], knowsAllPatients: true)
    var result = try phantoms.audit(for: expectations, pseudonyms: pseudonyms, pretrainedOn: [PatientID(phantoms.scans[23].patient)])
    #expect(
      result.finding(.patientsKnownToModel)?.patients == [PatientID(phantoms.scans[0].patient), PatientID(phantoms.scans[23].patient)])
    #expect(result.hasLeak)
    #expect(result.finding(.labelsUnknownToModel)?.subject == "'lesion'")
    #expect(result.finding(.modelClassesWithoutScans)?.subject == "'malignant'")
    #expect(result.finding(.outsideModelRange)?.scanCount ?? 0 >= 12, "8-bit scans below the window")
    #expect(result.finding(.modelPatientsUnknown) == nil)

    // In the manifest's training split, patients may be known; with another key, nobody can tell.
    for index in phantoms.scans.indices { phantoms.scans[index].split = index == 0 ? "train" : "test" }
    result = try phantoms.audit(for: expectations, pseudonyms: pseudonyms)
    #expect(!result.hasLeak)
    expectations.labels = ["benign", "lesion"]
    expectations.preprocessing = Preprocessing()
    result = try phantoms.audit(for: expectations, pseudonyms: Pseudonyms(key: Array(1..<33)))
    #expect(result.findings.map(\.kind) == [.modelPatientsUnknown])
  }

  @Test("Threads and the order of rows change nothing that is found")
  func order() throws {
    var phantoms = try AuditPhantoms(patientsPerScanner: 40)
    phantoms.plant(phantoms.scans[5].image.flippedAcross, of: 5)
    phantoms.plant(phantoms.scans[50].image.mapped { $0 * 0.5 }, of: 50)
    let first = try phantoms.audit(threads: 1)
    let second = try phantoms.audit(threads: 4)
    #expect(first.findings == second.findings && first.groups.count == 2)
    phantoms.scans.shuffle()
    let third = try phantoms.audit()
    #expect(third.groups == first.groups && third.associations == first.associations)
  }

  @Test("groups.csv is a manifest in which the proposed patients are one")
  func groupTable() throws {
    var phantoms = try AuditPhantoms()
    phantoms.plant(phantoms.scans[3].image, of: 3)
    try withTemporaryFolder { folder in
      let cohort = try phantoms.cohort(in: folder)
      let result = Audit(cohort).run()
      try AtomicFile.write(GroupTable.csv(cohort, groups: result.groups, absolute: false), to: "\(folder)/groups.csv")
      let joined = try Cohort.load("\(folder)/groups.csv")
      #expect(joined.records.map(\.path) == cohort.records.map(\.path) && joined.records.map(\.label) == cohort.records.map(\.label))
      #expect(joined.patients.count == cohort.patients.count - 1)
      #expect(joined.records[24].patient == joined.records[3].patient)
      #expect(!Audit(joined).run().hasLeak, "one patient may have the same picture twice")
    }
  }

  @Test(
    "Near-duplicates across patients in the real radiographs are found, and no other pair", .enabled(if: sharedData("cxr_multisite") != nil)
  )
  func radiographs() throws {
    let result = Audit(try Cohort.load(sharedData("cxr_multisite")!)).run()
    // Found by correlating all 109,908 pairs of different patients at 64 pixels, in Python.
    #expect(result.groups == [["gb137", "gb202"], ["gb178", "gb97"], ["gb192", "gb196"], ["gb201", "gb78"]])
  }
}
