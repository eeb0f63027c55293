import Adaptation
import Cohorts
import Engine
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Testing

@Suite struct RelativeGradientTests {
  private static let expected = try! JSONDecoder().decode(
    [String: Double].self,
    from: Data(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/golden/adaptation/relative_gradients.json")))

  /// The scans of `tools/golden/relative_gradients.py`.
  private let cohort = try! FormulaCohort()
  private let source: Model

  init() throws {
    var model = try StripesCohort.model(labels: ["0", "1"])
    for declaration in model.parameters.declarations where declaration.role != .buffer {
      let dimensions = declaration.shape.dimensions
      let fanIn = Double(dimensions.dropFirst().reduce(1, *))
      model.parameters.withMutableValues(of: declaration.id) { values in
        for (index, u) in uniform("\(declaration.id)", values.count).enumerated() {
          values[index] =
            switch (declaration.role, declaration.id.field) {
            case (.weight, _): Float(u * (6 / fanIn).squareRoot())
            case (.bias, _): Float(0.1 * u)
            case (_, "weight"): Float(1 + 0.2 * u)
            default: Float(0.2 * u)
            }
        }
      }
    }
    source = model
  }

  private func run(_ specification: String, batchSize: Int = 12) throws -> AdaptationRun.Result {
    try AdaptationRun(
      StrategyCatalogue.strategy(specified: specification),
      training: TrainingConfiguration(epochs: 1, batchSize: batchSize, learningRate: 1e-3),
      budget: ComputeBudget(threads: 1)
    ).adapt(source, to: cohort.cohort.allForFitting(Ledger()), loader: StripesCohort.loader)
  }

  /// Layer and number, as the decision names them.
  private func named(in decision: String?) -> [(layer: String, norm: Double)] {
    (decision ?? "").split(separator: ": ").last!.split(separator: ", ").map {
      let parts = $0.split(separator: " ")
      return (String(parts[0]), Double(parts[1])!)
    }
  }

  @Test("The relative gradient norms are PyTorch's, normalizations' among them, and ranked")
  func norms() throws {
    let found = named(in: try run("rgn:share=1,batches=1").report.decision)
    #expect(found.map(\.layer) == Self.expected.sorted { $0.value > $1.value }.map(\.key))
    for (layer, norm) in found { #expect(abs(norm / Self.expected[layer]! - 1) < 1e-3, "\(layer): \(norm)") }
  }

  @Test("Only the layers of largest norm move, as many as asked for, and the head")
  func hard() throws {
    let largest = Self.expected.sorted { $0.value > $1.value }.prefix(3).map(\.key)
    for specification in ["rgn:layers=3", "rgn:share=0.4"] {
      let result = try run(specification)
      let moved = Set(
        source.parameters.ids.filter { source.parameters.role(of: $0) != .buffer && result.model.parameters[$0] != source.parameters[$0] }
          .map(\.path))
      #expect(moved == Set(largest + ["fc"]))
    }
  }

  @Test("Soft, each layer's first step is its share of the largest norm")
  func soft() throws {
    // One step of plain SGD moves by rate × factor × gradient: the step's norm over the layer's is rate × RGN² / max RGN.
    let training = TrainingConfiguration(
      epochs: 1, batchSize: 12, optimizer: Optimizer(.sgd(momentum: 0)), learningRate: 1e-2, schedule: LearningRateSchedule(.constant))
    let result = try AdaptationRun(
      StrategyCatalogue.strategy(specified: "rgn:soft=yes,batches=1"), training: training, budget: ComputeBudget(threads: 1)
    ).adapt(source, to: cohort.cohort.allForFitting(Ledger()), loader: StripesCohort.loader)
    let largest = Self.expected.values.max()!
    for change in result.report.changes where change.part != .statistics && change.layer != "fc" {
      let norm = Self.expected[change.layer]!
      #expect(abs(change.relativeNorm! / (1e-2 * norm * norm / largest) - 1) < 2e-3, "\(change.layer)")
    }
    #expect(result.report.changes.count { $0.part != .statistics } == 9)
  }

  @Test("More layers than there are is refused")
  func tooMany() { #expect(throws: StrategyError.self) { try run("rgn:layers=9") } }
}

/// `uniform` of `tools/golden/relative_gradients.py`: SplitMix64 from the key's FNV-1a hash, 24 bits of it in [-1, 1).
private func uniform(_ key: String, _ count: Int) -> [Double] {
  var start: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in key.utf8 { start = (start ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return (0..<count).map { index in
    var z = start &+ UInt64(index) &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 40) / 8_388_608 - 1
  }
}

/// Twelve patients with one scan of noise each, written as PNG.
private final class FormulaCohort {
  let folder: String
  let cohort: Cohort

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/formula-\(UUID().uuidString)"
    try Folder.create(folder)
    var records: [ScanRecord] = []
    for scan in 0..<12 {
      let samples = uniform("scan\(scan)", 256).map { UInt16(128 * ($0 + 1)) }
      let path = "\(folder)/\(scan).png"
      try AtomicFile.write(
        PNGWriter.encode(GrayImage(width: 16, height: 16, bitDepth: 8, samples: samples)), to: path, durability: .buffered)
      records.append(
        ScanRecord(
          patient: PatientID("p\(scan)"), scanner: ScannerID("B"), label: "\(scan % 2)", path: "\(scan).png", absolutePath: path))
    }
    cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"), source: folder)
  }

  deinit { try? Folder.remove(folder) }
}
