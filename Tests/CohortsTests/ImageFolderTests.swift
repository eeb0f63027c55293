import Cohorts
import Files
import Testing

@Suite("Folders of images, folders with manifests, folders of folders")
struct ImageFolderTests {
  @Test("Folders are labels, the pattern finds the patients, and patients are never invented")
  func layout() throws {
    try withTemporaryFolder { folder in
      _ = try writeCohort(in: folder, manifest: "", files: ["cat/P1_a.png", "cat/P2_a.png", "dog/deep/P1_b.png", "notes.txt"])
      #expect(throws: ManifestError(file: folder, reason: .patientsNotStated)) { try ImageFolder.load(folder, CohortOptions(scanner: "s")) }
      let options = CohortOptions(patients: .matching(pattern: "/(P[0-9]+)_[ab]"), scanner: "s")
      let cohort = try ImageFolder.load(folder, options)
      #expect(cohort.records.map(\.path) == ["cat/P1_a.png", "cat/P2_a.png", "dog/deep/P1_b.png"])
      #expect(cohort.records.map(\.label) == ["cat", "cat", "dog"])
      #expect(cohort.patients == ["P1", "P2"])
      #expect(cohort.patientIdentity == .pathPattern("/(P[0-9]+)_[ab]"))
      let strict = CohortOptions(patients: .matching(pattern: "(P1)"), scanner: "s")
      let error = #expect(throws: ManifestError.self) { try ImageFolder.load(folder, strict) }
      #expect(error?.reason == .patternDoesNotMatch(pattern: "(P1)", path: "cat/P2_a.png"))
      #expect(throws: ManifestError(file: folder, reason: .badPattern("("))) {
        try ImageFolder.load(folder, CohortOptions(patients: .matching(pattern: "("), scanner: "s"))
      }
    }
  }

  @Test("A folder with a manifest gives its name as the scanner where the manifest has none, and a batch lists such folders")
  func batch() throws {
    try withTemporaryFolder { folder in
      for site in ["siteB", "siteA"] {
        try Folder.create(folder + "/" + site)
        _ = try writeCohort(in: folder + "/" + site, manifest: "path,patient\na.png,1\n", files: ["a.png"])
      }
      try Folder.create(folder + "/empty")
      let folders = try Cohort.foldersOfBatch(in: folder)
      #expect(folders == [folder + "/siteA", folder + "/siteB"])
      let cohorts = try folders.map { try Cohort.load($0) }
      #expect(cohorts.flatMap(\.scanners) == ["siteA", "siteB"])

      // Patient "1" of both sites is one patient; the two scans called a.png are two scans.
      let merged = try Cohort.merging(cohorts)
      #expect(merged.patients == ["1"])
      #expect(Set(merged.records.map(\.id)).count == 2)
      #expect(throws: CohortError.self) { try Cohort.merging([cohorts[0], cohorts[0]]) }
    }
  }

  @Test("The real cohorts are read: chest radiographs, and blood cells without the class that is too rare")
  func realCohorts() throws {
    guard let chest = sharedData("cxr_multisite/manifest.csv"), let cells = sharedData("wbc_two_scanners") else {
      print("skipped: the shared data sets are not here")
      return
    }
    let radiographs = try Cohort.load(chest)
    #expect(radiographs.count == 470)
    #expect(radiographs.scanners.count == 6)
    #expect(radiographs.unavailable.isEmpty)
    #expect(throws: ManifestError.self) { try Cohort.load(cells) }
    let options = CohortOptions(patients: .everyScanItsOwn, leavingOut: [RowFilter(column: "label", value: "basophil")])
    let blood = try Cohort.load(cells, options)
    #expect(blood.count == 396)
    #expect(blood.labels.count == 4)
  }
}
