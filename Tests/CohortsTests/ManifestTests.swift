import Cohorts
import Files
import Foundation
import Testing

@Suite("A manifest is read as it stands, or refused with its line")
struct ManifestTests {
  private func load(_ text: String, files: [String] = ["a.png", "b.png"], _ options: CohortOptions = CohortOptions()) throws -> Cohort {
    try withTemporaryFolder { folder in
      try Manifest.load(try writeCohort(in: folder, manifest: text, files: files), options)
    }
  }

  /// The error without its folder, as `manifest.csv:LINE: …`.
  private func refusal(_ bytes: [UInt8], files: [String] = ["a.png", "b.png"], _ options: CohortOptions = CohortOptions()) throws -> String
  {
    try withTemporaryFolder { folder in
      let path = try writeCohort(in: folder, manifest: "", files: files)
      try AtomicFile.write(bytes, to: path)
      do {
        _ = try Manifest.load(path, options)
        return "nothing was refused"
      } catch {
        return "\(error)".replacing(folder + "/", with: "").replacing(folder, with: "ROOT")
      }
    }
  }

  private func refusal(_ text: String, files: [String] = ["a.png", "b.png"], _ options: CohortOptions = CohortOptions()) throws -> String {
    try refusal(Array(text.utf8), files: files, options)
  }

  @Test("Ids stay text, further columns are kept, cells lose the white space around them")
  func plain() throws {
    let cohort = try load("path,patient,scanner,label,age\na.png,007, GE ,cat,41\nb.png,7,GE,,\n")
    #expect(cohort.patients == ["007", "7"])
    #expect(cohort.records[0].scanner == "GE")
    #expect(cohort.records[0].extra == ["age": "41"])
    #expect(cohort.records[1].label == nil)
    #expect(cohort.records[1].extra == ["age": ""])
    #expect(cohort.notes.rowsWithoutLabel == 1)
    #expect(cohort.notes.delimiter == "comma")
  }

  @Test(
    "Byte order mark, semicolons, tabs, CRLF, CR and a missing last line end give the same scans",
    arguments: [
      "path,patient,scanner,label\na.png,p,s,x\nb.png,q,s,\n", "\u{FEFF}path,patient,scanner,label\na.png,p,s,x\nb.png,q,s,",
      "path;patient;scanner;label\r\na.png;p;s;x\r\nb.png;q;s;", "path\tpatient\tscanner\tlabel\ra.png\tp\ts\tx\rb.png\tq\ts\t\r",
      "\n\"path\" , \"patient\" ,scanner,label\n\n\"a.png\",p,s,x\n  \nb.png,q,s,\"\"\n\n",
    ])
  func dialects(text: String) throws {
    let cohort = try load(text)
    #expect(cohort.records.map(\.path) == ["a.png", "b.png"])
    #expect(cohort.records.map(\.patient) == ["p", "q"])
    #expect(cohort.records.map(\.label) == ["x", nil])
    #expect(cohort.notes.hadByteOrderMark == text.hasPrefix("\u{FEFF}"))
    #expect(cohort.notes.delimiter == (text.contains(";") ? "semicolon" : text.contains("\t") ? "tab" : "comma"))
  }

  @Test("Quoted cells hold delimiters, doubled quotes and line ends, and lines are still counted right")
  func quotes() throws {
    let text = "path,patient,scanner,label,note\na.png,\"p,1\",s,\"a \"\"b\"\"\",\"two\r\nlines\nor three\"\nb.png,,s,x,\n"
    #expect(try refusal(text).hasPrefix("manifest.csv:5: found no patient for 'b.png'"))
    let cohort = try load(text.replacing("b.png,,", with: "b.png,q,"))
    #expect(cohort.records[0].patient == "p,1")
    #expect(cohort.records[0].label == "a \"b\"")
    #expect(cohort.records[0].extra["note"] == "two\r\nlines\nor three")
  }

  @Test(
    "What a lenient reader would repair is refused with its line",
    arguments: [
      ("path,patient,scanner\na.png,p,s\nb.png,q\n", "manifest.csv:3: found 2 cells; expected 3"),
      ("path,patient,scanner\na.png,p,s,t\n", "manifest.csv:2: found 4 cells; expected 3"),
      ("path,patient,scanner\na.png,\"p,s\nb.png,q,s\n", "manifest.csv:2: found a quote that is never closed"),
      ("path,patient,scanner\na.png,p\"q,s\n", "manifest.csv:2: found a quote inside an unquoted cell"),
      ("path,patient,scanner\na.png,\"p\"q,s\n", "manifest.csv:2: found text after a closing quote"),
      ("path,patient,scanner\na.png,\"p\" \"q\",s\n", "manifest.csv:2: found text after a closing quote"),
      ("path,patient,patient,scanner\na.png,p,p,s\n", "manifest.csv:1: found column 'patient' twice"),
      ("path,,patient,scanner\na.png,x,p,s\n", "manifest.csv:1: found no name for column 2"),
      ("path,patient,scanner\na.png,p\0,s\n", "manifest.csv:2: found a control character (code 0)"),
      ("path,patient,scanner\n\na.png,p\u{B},s\n", "manifest.csv:3: found a control character (code 11)"),
      ("path,patient,scanner\na.png,p\u{2028}q,s\n", "manifest.csv:2: found a control character"),
      ("path,patient,scanner\na.png,p,\u{301}s\n", "manifest.csv:2: found a combining character"),
      ("", "manifest.csv: found an empty file"), ("\u{FEFF}\n \n", "manifest.csv: found an empty file"),
      ("path,patient,scanner\n", "manifest.csv: found no rows"),
      ("path,scanner\na.png,s\n", "manifest.csv:1: found columns 'path', 'scanner'; expected 'patient' for the patient"),
      ("path,patient\na.png,p\n", "manifest.csv:1: found columns 'path', 'patient'; expected 'scanner', or --scanner NAME"),
      ("path,patient,scanner\na.png,,s\n", "manifest.csv:2: found no patient for 'a.png'"),
      ("path,patient,scanner\n,p,s\n", "manifest.csv:2: found no path"),
      ("path,patient,scanner\na.png,p,\n", "manifest.csv:2: found no scanner for 'a.png'"),
      ("path,patient,scanner\na.png,p,s\n./a.png,p,s\n", "manifest.csv:3: found 'a.png' again (first on line 2)"),
      ("path,patient,scanner\n../a.png,p,s\n", "manifest.csv:2: found '../a.png', which leads out of"),
      ("path,patient,scanner\nx/../../a.png,p,s\n", "manifest.csv:2: found 'x/../../a.png', which leads out of"),
      ("path,patient,scanner\n/etc/passwd,p,s\n", "manifest.csv:2: found '/etc/passwd', which leads out of"),
      ("path,patient,scanner\nnone.png,p,s\n", "manifest.csv: found none of the files of its 1 rows"),
    ])
  func refusals(text: String, expected: String) throws {
    let found = try refusal(text)
    #expect(found.hasPrefix(expected), "\(found)")
  }

  @Test("Bytes that aren't UTF-8 are refused with their line")
  func latin1() throws {
    #expect(
      try refusal(Array("path,patient,scanner\na.png,p,s\nb.png,M".utf8) + [0xFC] + Array("ller,s\n".utf8)).hasPrefix("manifest.csv:3:"))
  }

  @Test("Every manifest with one byte changed is read or refused, and nothing traps")
  func hostileBytes() throws {
    let text = Array("path,patient,scanner,label\na.png,p,\"s\"\"t\",x\r\nb.png,q,s,\n".utf8)
    try withTemporaryFolder { folder in
      let path = try writeCohort(in: folder, manifest: "", files: ["a.png", "b.png"])
      for position in text.indices {
        for byte: UInt8 in [0, 9, 10, 13, 32, 34, 44, 46, 47, 59, 0x80, 0xCC, 0xFF] {
          var changed = text
          changed[position] = byte
          try AtomicFile.write(changed, to: path, durability: .buffered)
          if let cohort = try? Manifest.load(path) { #expect(cohort.records.allSatisfy { !$0.patient.rawValue.isEmpty }) }
        }
        try AtomicFile.write(Array(text[..<position]), to: path, durability: .buffered)
        _ = try? Manifest.load(path)
      }
    }
  }

  @Test("A link out of the root is refused; two names of one file are refused")
  func links() throws {
    try withTemporaryFolder { outer in
      try AtomicFile.write(png(1), to: outer + "/secret.png")
      try Folder.create(outer + "/root")
      let path = try writeCohort(in: outer + "/root", manifest: "path,patient,scanner\na.png,p,s\nlink.png,q,s\n", files: ["a.png"])
      #expect(symlink("../secret.png", outer + "/root/link.png") == 0)
      let leaving = #expect(throws: ManifestError.self) { try Manifest.load(path) }
      #expect(leaving?.line == 3)
      #expect(leaving?.reason == .pathLeavesRoot(path: "link.png", root: outer + "/root"))
      #expect(unlink(outer + "/root/link.png") == 0)
      #expect(symlink("a.png", outer + "/root/link.png") == 0)
      let same = #expect(throws: ManifestError.self) { try Manifest.load(path) }
      #expect(same?.reason == .sameFile("link.png", other: "a.png", firstLine: 2))
    }
  }

  @Test("Rows without files are listed, files without rows are counted, a folder or FIFO named as a scan is listed too")
  func missingFiles() throws {
    try withTemporaryFolder { folder in
      let text = "path,patient,scanner\na.png,p,s\nnone.png,p,s\nfolder.png,q,s\n"
      let path = try writeCohort(in: folder, manifest: text, files: ["a.png", "left/over.png", "readme.txt", ".hidden.png"])
      try Folder.create(folder + "/folder.png")
      let cohort = try Manifest.load(path)
      #expect(cohort.records.map(\.path) == ["a.png"])
      #expect(cohort.unavailable.map(\.line) == [3, 4])
      #expect(cohort.unavailable[0].description == "none.png: no such file (line 3)")
      #expect(cohort.notes.filesWithoutRows == 1)
      #expect(cohort.notes.examplesOfFilesWithoutRows == ["left/over.png"])
    }
  }

  @Test("A missing file is listed with its own scanner's scans; one of a scanner without scans with everybody's")
  func missingFilesOfScanners() throws {
    try withTemporaryFolder { folder in
      let text = "path,patient,scanner\na.png,p,s\nb.png,q,t\ngone.png,p,s\nlost.png,r,u\n"
      let cohort = try Manifest.load(try writeCohort(in: folder, manifest: text, files: ["a.png", "b.png"]))
      #expect(cohort.restricted(toScanner: "s").unavailable.map(\.path) == ["gone.png", "lost.png"])
      #expect(cohort.restricted(toScanner: "t").unavailable.map(\.path) == ["lost.png"])
    }
  }

  @Test("Columns of other names, a root elsewhere, a scanner for all, and absolute paths below the root")
  func mapping() throws {
    try withTemporaryFolder { folder in
      try Folder.create(folder + "/images")
      _ = try writeCohort(in: folder + "/images", manifest: "", files: ["a.png", "b.png"])
      let manifest = folder + "/list.csv"
      try AtomicFile.write("file;PatientID;dx\na.png;1;x\n\(folder)/images/b.png;2;y\n", to: manifest)
      let options = CohortOptions(
        root: folder + "/images", columns: [.path: "file", .patient: "PatientID", .label: "dx"], scanner: "GE")
      let cohort = try Manifest.load(manifest, options)
      #expect(cohort.records.map(\.path) == ["a.png", "b.png"])
      #expect(cohort.records.map(\.label) == ["x", "y"])
      #expect(cohort.scanners == ["GE"])
      #expect(cohort.patientIdentity == .declaredColumn("PatientID"))
      var wrong = options
      wrong.columns[.label] = "diagnosis"
      #expect(throws: ManifestError.self) { try Manifest.load(manifest, wrong) }
    }
  }

  @Test("Every scan is its own patient only where that is said, and it is stamped on the cohort")
  func ownPatients() throws {
    let text = "path,patient,scanner\na.png,,s\nb.png,,s\n"
    #expect(try refusal(text).contains("--patient-column path"))
    let stated = try load(text, CohortOptions(patients: .everyScanItsOwn))
    #expect(stated.patients == ["a.png", "b.png"])
    #expect(stated.patientIdentity == .everyScanItsOwn)
    let open = try load(text, CohortOptions(patients: .optional))
    #expect(open.patientIdentity == .unknown)
    #expect(throws: FoldError.patientsUnknown(source: open.source)) {
      try open.folds(.grouped(folds: 2, seed: 1), ledger: Ledger(), under: "test")
    }
  }

  @Test("Rows are chosen by column and value; a filter that meets no row is named, one without a column refused")
  func filters() throws {
    let text = "path,patient,scanner,label\na.png,p,s,basophil\nb.png,q,s,\n"
    let without = try load(text, CohortOptions(leavingOut: [RowFilter(argument: "label=basophil")!, RowFilter(argument: "scanner=t")!]))
    #expect(without.records.map(\.path) == ["b.png"])
    #expect(without.notes.idleFilters.map(\.description) == ["scanner=t"])
    #expect(without.notes.rowsFilteredOut == 1)
    #expect(try load(text, CohortOptions(leavingOut: [RowFilter(argument: "label=")!])).records.map(\.path) == ["a.png"])
    #expect(try load(text, CohortOptions(keeping: [RowFilter(argument: "patient=q")!])).records.map(\.path) == ["b.png"])
    #expect(try refusal(text, CohortOptions(keeping: [RowFilter(argument: "patient=z")!])).contains("no row is left after the filters"))
    #expect(try refusal(text, CohortOptions(keeping: [RowFilter(argument: "age=1")!])).contains("which a filter names"))
    #expect(RowFilter(argument: "label") == nil)
  }

  @Test("A million-byte row is refused; ten thousand rows are read in well under a second")
  func size() throws {
    #expect(try refusal("path,patient,scanner\na.png,\(String(repeating: "x", count: 1 << 20)),s\n").contains("more than 1048576 bytes"))
    let rows = (0..<10_000).map { "img/\($0).png,p\($0 / 3),s,x,some text,\"more, text\"" }.joined(separator: "\n")
    let started = ContinuousClock.now
    #expect(try refusal("path,patient,scanner,label,a,b\n" + rows + "\n").contains("found none of the files of its 10000 rows"))
    #expect(ContinuousClock.now - started < .seconds(3))
  }
}
