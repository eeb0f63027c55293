import Cohorts
import Testing

@Suite("Columns of findings that a scan may have together")
struct LabelColumnsTests {
  private let columns = CohortOptions(labelColumns: ["edema", "effusion"])

  private func load(_ text: String, _ options: CohortOptions) throws -> Cohort {
    try withTemporaryFolder { folder in
      try Manifest.load(try writeCohort(in: folder, manifest: text, files: ["a.png", "b.png", "c.png"]), options)
    }
  }

  private func refusal(_ text: String, _ options: CohortOptions) throws -> String {
    do {
      _ = try load(text, options)
      return "nothing was refused"
    } catch { return "\(error)" }
  }

  private let header = "path,patient,scanner,edema,effusion,label\n"

  @Test("1 is there, 0 isn't, empty is unknown; a label column beside them is one more column")
  func reading() throws {
    let cohort = try load(header + "a.png,p1,A,1,0.0,x\nb.png,p2,A,,1,y\nc.png,p3,A,,,z\n", columns)
    #expect(cohort.records.map(\.findings) == [["edema": true, "effusion": false], ["effusion": true], [:]])
    #expect(cohort.records.allSatisfy { $0.label == nil } && cohort.records[0].extra == ["label": "x"])
    #expect(cohort.labels == ["edema", "effusion"] && cohort.labelled.count == 2 && cohort.notes.rowsWithoutLabel == 1)
  }

  @Test("Another value, a missing column and one without a value are refused with their place")
  func refused() throws {
    #expect(
      try refusal(header + "a.png,p1,A,-1,0,x\n", columns).contains("manifest.csv:2: found '-1' in column 'edema'; expected 1 (there)"))
    let missing = try refusal("path,patient,scanner,edema\na.png,p1,A,1\n", columns)
    #expect(missing.contains("manifest.csv:1:") && missing.contains("expected 'effusion', which --label-columns names"))
    #expect(try refusal(header + "a.png,p1,A,1,,x\n", columns).contains("found no value in column 'effusion'"))
  }

  @Test("Findings are renamed to the model's; two of them can't become one")
  func renaming() throws {
    let cohort = try load(header + "a.png,p1,A,1,0,x\nb.png,p2,A,,1,y\n", columns)
    let renamed = try cohort.renamingLabels([LabelMapping(found: "edema", model: "Edema")])
    #expect(renamed.records[0].findings == ["Edema": true, "effusion": false])
    #expect(throws: LabelMappingError.merged("effusion")) {
      try cohort.renamingLabels([LabelMapping(found: "edema", model: "effusion")])
    }
  }

  @Test("Patients with each finding are spread over the folds as evenly as whole patients allow")
  func folds() throws {
    let records = (0..<60).map { index in
      ScanRecord(
        patient: PatientID("p\(index)"), scanner: "A", findings: ["edema": index % 6 == 0, "effusion": index % 4 == 1],
        path: "\(index).png", absolutePath: "/\(index).png")
    }
    let cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"))
    let set = try cohort.folds(.grouped(folds: 5, seed: 3), ledger: Ledger(), under: "test")
    for fold in set.folds {
      #expect(fold.test.records.count { $0.findings["edema"] == true } == 2)
      #expect(fold.test.records.count { $0.findings["effusion"] == true } == 3)
    }
    #expect(set.warnings.isEmpty)
    let unlabelled = set.folds[0].test.transductively()
    #expect(unlabelled.labelledRecords.isEmpty && unlabelled.count == 12)
  }
}
