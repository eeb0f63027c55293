import Evaluation
import Foundation
import Testing

@Suite("Patient bootstrap")
struct BootstrapTests {
  @Test("The same seed gives the same bits; another seed gives another interval")
  func deterministic() {
    let scans = SimulatedCohort().predictions(seed: 5)
    func estimate(seed: UInt64, _ scans: [Prediction]) -> Estimate? {
      PatientBootstrap(seed: seed, resamples: 300, method: .expanded).estimate(.auroc, of: scans)
    }
    let first = estimate(seed: 7, scans)
    #expect(first == estimate(seed: 7, scans.reversed()))
    #expect(first?.interval != estimate(seed: 8, scans)?.interval)
  }

  @Test("A model compared with itself differs by exactly nothing, and is to be left alone")
  func itself() throws {
    let scans = SimulatedCohort().predictions(seed: 6)
    let difference = try #require(try PatientBootstrap(seed: 1, resamples: 200).difference(.auroc, candidate: scans, reference: scans))
    #expect(difference.difference == 0)
    #expect(difference.interval == Interval(lower: 0, upper: 0, level: 0.95))
    #expect(VerdictRule().verdict(on: difference).verdict == .leaveAlone)
  }

  @Test("Scans of one patient count as one: three copies of every scan leave the interval where it was")
  func copies() throws {
    let scans = SimulatedCohort(scansPerPatient: 1).predictions(seed: 8)
    let copies = scans.flatMap { scan in
      (0..<3).map {
        Prediction(scan: scan.scan + "+\($0)", patient: scan.patient, scanner: "A", label: scan.label, probabilities: scan.probabilities)
      }
    }
    let bootstrap = PatientBootstrap(seed: 2, resamples: 500)
    let one = try #require(bootstrap.estimate(.auroc, of: scans)?.interval)
    let three = try #require(bootstrap.estimate(.auroc, of: copies)?.interval)
    #expect(abs(one.lower - three.lower) < 1e-12 && abs(one.upper - three.upper) < 1e-12)
  }

  @Test("Obuchowski's standard error is the spread of the patient bootstrap, where DeLong's is far too small")
  func clusteredAgreement() throws {
    let scans = SimulatedCohort(patients: 200, scansPerPatient: 5, patientSpread: 1.5).predictions(seed: 9)
    func error(_ scans: [Prediction]) throws -> Double {
      let components = try #require(StructuralComponents(scans))
      return try #require(ClusteredArea([components])?.variance?.value).squareRoot()
    }
    let (clustered, plain) = (try error(scans), try error(scans.map(\.itsOwnPatient)))
    let interval = try #require(PatientBootstrap(seed: 3, resamples: 4000, method: .percentile).estimate(.auroc, of: scans)?.interval)
    let spread = (interval.upper - interval.lower) / (2 * 1.959964)
    #expect(abs(spread / clustered - 1) < 0.06, "\(spread) against \(clustered)")
    #expect(plain < 0.7 * clustered)
  }

  @Test("Predictions of other scans, patients or labels aren't compared")
  func otherScans() {
    let scans = SimulatedCohort().predictions(seed: 10)
    let bootstrap = PatientBootstrap(seed: 1, resamples: 10)
    #expect(throws: ComparisonError.self) { try bootstrap.difference(.auroc, candidate: Array(scans.dropLast()), reference: scans) }
    #expect(throws: ComparisonError.self) { try bootstrap.difference(.auroc, candidate: scans, reference: Array(scans.dropLast())) }
    var moved = scans
    let last = moved.removeLast()
    moved.append(Prediction(scan: last.scan, patient: "p0", scanner: "A", label: last.label, probabilities: last.probabilities))
    #expect(throws: ComparisonError.self) { try bootstrap.difference(.auroc, candidate: moved, reference: scans) }
  }

  @Test("One patient has a value and no interval; no labelled patient has neither")
  func onePatient() throws {
    let scans = SimulatedCohort(patients: 1).predictions(seed: 11)
    let estimate = try #require(PatientBootstrap(seed: 1).estimate(.accuracy, of: scans))
    #expect(estimate.interval == nil && estimate.patients == 1)
    #expect(PatientBootstrap(seed: 1).estimate(.auroc, of: scans) == nil)
  }

  @Test("Two areas over the same scans: the paired test agrees with the paired bootstrap")
  func pairedAreas() throws {
    let cohort = SimulatedCohort(patients: 150, scansPerPatient: 4)
    let source = cohort.predictions(seed: 12)
    let adapted = cohort.predictions(seed: 12, model: "adapted", gain: 0.4)
    let found = try #require(
      try PatientBootstrap(seed: 1, resamples: 4000).difference(.auroc, candidate: adapted, reference: source))
    let (test, drawn) = (try #require(found.interval), try #require(found.bootstrapInterval))
    #expect(found.method == .clusteredAreaDifference)
    #expect(abs(test.lower - drawn.lower) < 0.1 * (drawn.upper - drawn.lower))
    #expect(abs(test.upper - drawn.upper) < 0.1 * (drawn.upper - drawn.lower))
  }
}

extension Prediction {
  /// As if it were its patient's only scan, for what comes of forgetting that patients have several.
  var itsOwnPatient: Prediction {
    Prediction(scan: scan, patient: scan, scanner: scanner, label: label, probabilities: probabilities)
  }
}
