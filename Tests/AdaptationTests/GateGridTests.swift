import Adaptation
import Foundation
import Testing

@Suite("The gate over a grid of scanner shifts")
struct GateGridTests {
  /// What is judged where `SCANADAPT_GRID_STRATEGIES` names nothing else.
  private static let usual = [
    "recalibrate", "prior-mixed", "instance-norm", "empirical-bayes", "instance-norm:stages=2,channels=half", "tent", "bn-only",
    "domain-specific",
  ]

  @Test("Nothing it accepts loses more than a point beyond chance, and what helps much is accepted")
  func few() throws {
    let grid = try GateGrid(size: 32, sourcePatients: 60, epochs: 10, patients: 40, testPatients: 150)
    let chosen = GateGrid.shifts.filter { ["none 0", "offset 0.25", "label 0.9"].contains("\($0.name) \($0.strength)") }
    var cells = try chosen.flatMap { try grid.cells($0, strategies: [RecalibratedModel()]) }
    // Where new statistics hurt most, also statistics that move in part of the channels, and a swap of part of them.
    let partial: [any AdaptationStrategy] = [RecalibratedModel(blend: .empiricalBayes()), InstanceNormalized(stages: 2, channels: .half)]
    cells += try grid.cells(chosen.first { $0.name == "label" }!, strategies: partial)
    for cell in cells { #expect(!(cell.isAccepted && (cell.isHarmful || cell.losesAccuracy)), "\(cell.line)") }
    for cell in cells where !cell.isLabelled {
      #expect((cell.outcome.reason == .unlabelledSwap) == cell.strategy.hasPrefix("instance-norm"), "\(cell.line)\n\(cell.outcome)")
    }
    let helped = cells.first { $0.shift.name == "offset" && $0.isLabelled }!
    #expect(helped.truth.difference > 0.2 && helped.outcome.decision == .accepted, "\(helped.line)\n\(helped.outcome)")
  }

  @Test(
    "The whole grid, printed; tools/check-gate runs it", .enabled(if: ProcessInfo.processInfo.environment["SCANADAPT_ALL"] != nil))
  func all() throws {
    let environment = ProcessInfo.processInfo.environment
    let seeds = UInt64(environment["SCANADAPT_GRID_SEEDS"] ?? "1")!
    let grid = try GateGrid(size: 64, sourcePatients: 100, epochs: 16, patients: 60, testPatients: 400)
    let named = environment["SCANADAPT_GRID_STRATEGIES"]?.split(separator: " ").map(String.init) ?? Self.usual
    let strategies = try named.map { try StrategyCatalogue.strategy(specified: $0) }
    let labelFree = try strategies.filter { try !grid.needsLabels($0) }
    print(GridCell.header)
    var cells: [GridCell] = []
    for seed in 0..<seeds {
      for shift in GateGrid.shifts {
        // Where nobody labelled anything, what needs no labels.
        for cell in try grid.cells(shift, strategies: strategies, labelled: [true], seed: seed)
          + grid.cells(shift, strategies: labelFree, labelled: [false], seed: seed)
        {
          print(cell.line)
          if environment["SCANADAPT_GRID_REASONS"] != nil { print("    \(cell.outcome)  \(cell.outcome.unlabelled.map { "\($0)" } ?? "")") }
          cells.append(cell)
        }
      }
    }
    let accepted = cells.filter(\.isAccepted)
    let harmful = accepted.filter { $0.isHarmful || $0.losesAccuracy }
    let helpful = cells.filter { $0.truth.range.lower > 0.05 }
    print(
      "\(cells.count) cells, \(accepted.count) accepted, \(harmful.count) of them harmful; "
        + "\(cells.filter { $0.isHarmful || $0.losesAccuracy }.count) harmful in all; of \(helpful.count) that gain more than 5 points "
        + "\(helpful.filter(\.isAccepted).count) accepted (\(helpful.filter { $0.isLabelled && $0.isAccepted }.count) of "
        + "\(helpful.filter(\.isLabelled).count) labelled)")
    #expect(harmful.isEmpty)
  }
}
