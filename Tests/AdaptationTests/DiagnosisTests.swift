import Adaptation
import Cohorts
import Evaluation
import Files
import Foundation
import Imaging
import ModelFiles
import Normalization
import Phantoms
import Testing

/// One network trained on alpha for all of these.
private enum Trained {
  static let grid: Result<GateGrid, any Error> = Result {
    try GateGrid(size: 32, sourcePatients: 60, epochs: 8, patients: 24, testPatients: 24)
  }
}

@Suite("Diagnosis of phantoms with a planted shift")
struct DiagnosisTests {
  private let grid: GateGrid
  private let diagnoser: Diagnoser

  init() throws {
    grid = try Trained.grid.get()
    diagnoser = Diagnoser(
      comparison: MismatchComparison(draws: 99), remedies: [], gate: nil, loader: ScanLoader(preprocessing: GateGrid.preprocessing))
  }

  /// Patients of a reference scanner, and others on another one whose images `change` changes on disk.
  private func diagnose(
    _ scanner: ScannerModel, beside reference: ScannerModel = .alpha, by diagnoser: Diagnoser? = nil, model: Model? = nil,
    changing change: ((GrayImage) -> GrayImage)? = nil
  ) throws -> ScannerDiagnosis {
    let folder = "\(grid.folder)/diagnosis-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func cohort(_ scanner: ScannerModel, _ first: Int) throws -> Cohort {
      try Manifest.load(
        try PhantomCohort.render(
          PhantomSpecification(
            scanners: [scanner], patientsPerScanner: 24, firstPatient: first, scansPerPatient: 2, imageSize: 32, seed: 77),
          to: "\(folder)/\(scanner.name)-\(first)"))
    }
    let other = try cohort(scanner, 3001)
    if let change {
      for record in other.records {
        let stored = try PNGReader.decode(contentsOf: record.absolutePath)
        let image = GrayImage(width: stored.width, height: stored.height, bitDepth: stored.bitDepth, samples: stored.samples)
        try AtomicFile.write(PNGWriter.encode(change(image)), to: record.absolutePath, durability: .buffered)
      }
    }
    let both = Cohort(
      records: try cohort(reference, 2001).records + other.records, patientIdentity: other.patientIdentity, source: folder)
    let found = try (diagnoser ?? self.diagnoser).diagnose(model ?? grid.source, on: both, reference: ScannerID(reference.name))
    #expect(found.unreadable.isEmpty)
    return try #require(found.scanners.first { $0.scanner == ScannerID(scanner.name) })
  }

  private func depths(_ diagnosis: ScannerDiagnosis) -> [Int] { diagnosis.againstReference!.layersBeyondChance().map(\.depth) }

  @Test("Gain and offset show in the intensities and from the first layer on: check the preprocessing")
  func intensity() throws {
    let found = try diagnose(ScannerModel(name: "bright", gain: 0.6, offset: 0.3, blur: 0.4, noise: .gaussian(deviation: 0.02)))
    #expect(depths(found).first == 0)
    guard case .intensity(let measures, let layer) = found.conclusion.againstReference else {
      Issue.record("\(found.conclusion)")
      return
    }
    #expect(measures.contains(.mean) && layer == found.stored.layers[0].layer)
    #expect(found.conclusion.suggestion.contains("preprocessing"))
    #expect(try #require(found.distance?.proxyA).tellsApart)
  }

  @Test("Blur shows in the sharpness and from the first layer on, not in the intensities")
  func blur() throws {
    let found = try diagnose(ScannerModel(name: "soft", gain: 1.2, blur: 1.5, noise: .gaussian(deviation: 0.02)))
    #expect(depths(found).first == 0)
    let shift = try #require(found.inputShift)
    #expect(shift.beyondChance().map(\.measure).contains(.sharpness))
    #expect(shift.entries.first { $0.measure == .sharpness }!.difference < 0)
    #expect(shift.entries.first { $0.measure == .mean }!.pValue > 0.05)
  }

  @Test("A model whose stored statistics are stale at one layer only is found out at that depth")
  func staleLayer() throws {
    var model = grid.source
    let layers = model.graph.recalibratableLayers
    var statistics = model.parameters.statistics(of: layers[2])
    for channel in statistics.mean.indices { statistics.mean[channel] += 2 * statistics.variance[channel].squareRoot() }
    model.parameters.setStatistics(statistics, of: layers[2])
    let folder = "\(grid.folder)/stale"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cohort = try Manifest.load(
      try PhantomCohort.render(
        PhantomSpecification(scanners: [.alpha], patientsPerScanner: 24, firstPatient: 4001, scansPerPatient: 2, imageSize: 32, seed: 78),
        to: folder))
    let found = try diagnoser.diagnose(model, on: cohort).scanners[0]
    #expect(found.stored.layersBeyondChance().first?.depth == 2)
    guard case .deep(layers[2], 2) = found.conclusion.stored, found.conclusion.againstReference == nil else {
      Issue.record("\(found.conclusion)")
      return
    }
  }

  @Test(
    "Two scanners that look alike to a model whose stored statistics are neither's: both comparisons are said, and nothing is left alone")
  func alikeButUnlikeTheModel() throws {
    var model = grid.source
    for layer in model.graph.recalibratableLayers {
      var statistics = model.parameters.statistics(of: layer)
      for channel in statistics.mean.indices { statistics.mean[channel] += 3 * statistics.variance[channel].squareRoot() }
      model.parameters.setStatistics(statistics, of: layer)
    }
    // The first layer's input doesn't depend on the statistics, so that two names of one scanner agree there and everywhere.
    let twin = ScannerModel(name: "twin", gain: 1.2, blur: 0.4, noise: .gaussian(deviation: 0.02))
    let found = try diagnose(twin, model: model)
    #expect(found.stored.layersBeyondChance().count == found.stored.layers.count)
    #expect(found.conclusion.againstReference == .nothing && !found.conclusion.isNothing)
    let finding = found.conclusion.finding
    #expect(finding.contains("Against scanner alpha: No layer differs"), "\(finding)")
    #expect(finding.contains("Against the model's stored statistics: It starts early, at \(found.stored.layers[0].layer)"), "\(finding)")
    #expect(found.conclusion.suggestion.contains("neither as the model's statistics say"))
    #expect(MismatchSummary(found).finding == finding)
  }

  @Test("Recalibration removes most of a gain's mismatch on held-out patients, and the gate judges it")
  func remedies() throws {
    var full = diagnoser
    full.remedies = [RecalibratedModel(), RecalibratedModel(blend: .fixed(sourceWeight: 0.5)), InstanceNormalized()]
    full.gate = Gate(bootstrap: PatientBootstrap(seed: 1, resamples: 300))
    let found = try diagnose(
      ScannerModel(name: "bright", gain: 0.5, offset: 0.35, blur: 0.4, noise: .gaussian(deviation: 0.02)), by: full)
    #expect(found.remedies.map(\.name) == ["recalibrate", "alpha-mixed", "instance-norm"])
    #expect(try #require(found.remedies[0].removed) > 0.8)
    #expect(try #require(found.remedies[1].removed) < #require(found.remedies[0].removed))
    #expect(found.remedies[2].removed == nil && found.remedies[2].distanceAfter != nil)
    #expect(found.gate?.trials.first?.difference?.patients == 24)
    // BBSE has the reference's labels to make a confusion matrix of.
    #expect(found.labelShift.map(\.method) == [.expectationMaximization, .blackBox])
    let data = try JSONEncoder().encode(found)
    #expect(try JSONDecoder().decode(ScannerDiagnosis.self, from: data).conclusion == found.conclusion)
    #expect(!String(decoding: data, as: UTF8.self).contains("bright-3"), "no patient's id leaves it")
  }
}
