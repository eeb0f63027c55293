import Cohorts
import Engine
import ModelFiles
import Normalization
import Tensors
import Testing

@Suite("Recalibration of a model on training scans")
struct RecalibrationTests {
  let pseudonyms = Pseudonyms(key: Array(0..<32))

  @Test("Every scanner gets statistics of its own, and the card remembers whose scans they were")
  func eachScanner() throws {
    let made = try MadeUpScans([("A", 4, 2, 1, 0), ("B", 3, 3, 0.4, 1.5)])
    defer { made.remove() }
    let model = try GoldenNetwork.model()
    let scans = made.cohort.allForFitting(Ledger())
    let results = try Recalibration().recalibratedForEachScanner(model, on: scans, images: made.images, pseudonyms: pseudonyms)
    #expect(results.map(\.scanner) == ["A", "B"])
    let (a, b) = (results[0].result, results[1].result)
    #expect(a.report.scans.count == 8 && a.report.patients.count == 4 && b.report.patients.count == 3)
    #expect(a.model.parameters["block1.bn", "running_mean"] != b.model.parameters["block1.bn", "running_mean"])
    #expect(a.model.card.statistics == "layer-sequential on scanner A, 8 scans of 4 patients")
    #expect(a.model.card.fittedPatients.groups.map(\.hashes.count) == [4])
    #expect(a.model.backboneHash == model.backboneHash)
    // The first layer's input depends on no statistics: the alone-taken ones must be those of this scanner's scans only.
    let alone = try Recalibration().recalibrated(model, on: scans.restricted(toScanner: "B"), images: made.images, pseudonyms: pseudonyms)
    #expect(alone.model.parameters["block4.bn", "running_var"] == b.model.parameters["block4.bn", "running_var"])
    #expect(a.report.forwardPasses <= 1)
  }

  @Test("Unreadable scans are listed and leave no trace in the statistics")
  func unreadable() throws {
    let made = try MadeUpScans([("A", 4, 2, 1, 0)], unreadable: ["A-1-0.png", "A-3-1.png"])
    defer { made.remove() }
    let model = try GoldenNetwork.model()
    for memoryLimit in [0, 1 << 30] {
      let recalibration = Recalibration(memoryLimit: memoryLimit)
      let all = try recalibration.recalibrated(model, on: made.cohort.allForFitting(Ledger()), images: made.images, pseudonyms: pseudonyms)
      let good = made.cohort.filtered { $0.path != "A-1-0.png" && $0.path != "A-3-1.png" }
      let clean = try recalibration.recalibrated(model, on: good.allForFitting(Ledger()), images: made.images, pseudonyms: pseudonyms)
      #expect(all.report.failures.map(\.path) == ["A-1-0.png", "A-3-1.png"])
      #expect(all.report.scans.count == 6 && clean.report.failures.isEmpty)
      #expect(all.model.parameters["block4.bn", "running_mean"] == clean.model.parameters["block4.bn", "running_mean"])
    }
  }

  @Test("A second recalibration on the same scans changes nothing, which is an error")
  func again() throws {
    let made = try MadeUpScans([("A", 3, 1, 1, 0)])
    defer { made.remove() }
    let scans = made.cohort.allForFitting(Ledger())
    let once = try Recalibration().recalibrated(GoldenNetwork.model(), on: scans, images: made.images, pseudonyms: pseudonyms)
    #expect(throws: RewriteExpectationError.self) {
      try Recalibration().recalibrated(once.model, on: scans, images: made.images, pseudonyms: pseudonyms)
    }
  }

  @Test("Scans for statistics are spread evenly over patients, whatever their order")
  func balanced() throws {
    let made = try MadeUpScans([("A", 3, 5, 1, 0), ("B", 1, 1, 1, 0)])
    defer { made.remove() }
    let chosen = made.cohort.records.patientBalanced(9, seed: 4)
    let counts = Dictionary(grouping: chosen, by: \.patient).mapValues(\.count)
    #expect(counts.values.sorted() == [1, 2, 3, 3])
    #expect(Set(made.cohort.records.reversed().patientBalanced(9, seed: 4)) == Set(chosen))
    #expect(Set(made.cohort.records.patientBalanced(9, seed: 5)) != Set(chosen))
    #expect(made.cohort.records.patientBalanced(100, seed: 4).count == 16)
    let result = try Recalibration(statisticsScans: 4).recalibrated(
      GoldenNetwork.model(), on: made.cohort.allForFitting(Ledger()), images: made.images, pseudonyms: pseudonyms)
    #expect(result.report.scans.count == 4 && result.report.patients.count == 4)
  }

  @Test("Diagnosis sees the scanner whose gain and offset differ, against stored statistics and against the other scanner")
  func diagnosis() throws {
    let made = try MadeUpScans([("A", 12, 2, 1, 0), ("B", 12, 2, 0.4, 1.5)])
    defer { made.remove() }
    let scans = made.cohort.allForFitting(Ledger())
    let fitted = try Recalibration().recalibrated(
      GoldenNetwork.model(), on: scans.restricted(toScanner: "A"), images: made.images, pseudonyms: pseudonyms
    ).model
    func observe(_ scanner: ScannerID) throws -> PatientMoments {
      try PatientMoments.observed(by: fitted, on: scans.restricted(toScanner: scanner), images: made.images).moments
    }
    let (a, b) = (try observe("A"), try observe("B"))
    let comparison = MismatchComparison(draws: 39)
    #expect(comparison.compare(a, of: "A", with: fitted).layersBeyondChance().isEmpty)
    #expect(comparison.compare(b, of: "B", with: fitted).layersBeyondChance().map(\.layer).first == "block1.bn")
    let between = comparison.compare(b, of: "B", with: a, of: "A", by: fitted)
    #expect(between.layers[0][.symmetricKL].pValue == 1.0 / 40)
  }
}
