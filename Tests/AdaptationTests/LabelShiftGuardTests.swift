import Adaptation
import Cohorts
import Evaluation
import Foundation
import ModelFiles
import Normalization
import Phantoms
import Testing

@Suite("The label-shift guard over scanner shifts and label shifts")
struct LabelShiftGuardTests {
  @Test(
    "As Gate.md states: no restraint where only the scanner changed, and no miss of a shift alone or of lost lesions beside gain or contrast",
    .enabled(if: ProcessInfo.processInfo.environment["SCANADAPT_GUARD_SIZE"] != nil))
  func table() throws {
    let environment = ProcessInfo.processInfo.environment
    let size = Int(environment["SCANADAPT_GUARD_SIZE"]!)!
    let firstSeed = UInt64(environment["SCANADAPT_GUARD_SEED"] ?? "0")!
    let grid = try GateGrid(
      size: size, sourcePatients: size == 32 ? 60 : 100, epochs: size == 32 ? 10 : 16, patients: 40, testPatients: 40)
    let scanners = [
      "none 0", "gain 0.9", "gain 0.6", "contrast 0.6", "contrast 0.35", "offset 0.25", "noise 0.08", "noise 0.16", "blur 2.0",
    ]
    var shifts = GateGrid.shifts.filter { scanners.contains("\($0.name) \($0.strength)") }
    let alpha = GateGrid.shifts.first { $0.name == "label" }!.scanner
    shifts += [0.9, 0.15, 0.05].map { GridShift(name: "label", strength: "\($0)", scanner: alpha, lesionFraction: $0) }
    shifts += GateGrid.shifts.filter { $0.name.hasPrefix("label+") && ["0.95", "0.05"].contains($0.strength) }
    let loader = ScanLoader(preprocessing: GateGrid.preprocessing)
    for shift in shifts {
      var restraints = 0
      var words = ""
      for seed in firstSeed..<(firstSeed + 3) {
        let cohort = try Manifest.load(
          try PhantomCohort.render(
            PhantomSpecification(
              scanners: [shift.scanner], patientsPerScanner: 40, firstPatient: 1001, scansPerPatient: 2, imageSize: size,
              lesionFraction: shift.lesionFraction, seed: 10 + seed), to: "\(grid.folder)/guard-\(UUID().uuidString)")
        ).withoutLabels
        let decision = try #require(
          try AdaptationRun(RecalibratedModel()).adapt(grid.source, to: cohort.allForFitting(Ledger()), loader: loader).report.decision)
        restraints += decision.hasPrefix("all normalizations") ? 0 : 1
        words += " | " + decision.prefix(100)
      }
      print("\(size) px, seeds from \(firstSeed): \(shift.name) \(shift.strength): restrained or refused \(restraints) of 3")
      // Beside noise and, of lesions gained, gain and contrast, a shift can be invisible; a blur is restrained where the network guesses.
      let isMissedSometimes = shift.name.hasPrefix("label+") && (shift.name.contains("noise") || shift.strength == "0.95")
      guard shift.name != "blur", !isMissedSometimes else { continue }
      #expect(restraints == (shift.name.hasPrefix("label") ? 3 : 0), "\(size) \(shift.name) \(shift.strength)\(words)")
    }
  }
}
