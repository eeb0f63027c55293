import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import ModelFiles
import Testing

@Suite("What a reader must be told") struct FindingTests {
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy(patients: 6) }

  private func result(fittedPatients: FittedPatients) throws -> EvaluationResult {
    try PhantomStudy.validation(
      .withinScanner, PhantomStudy.strategies(["recalibrate"]), model: PhantomStudy.model(fittedPatients: fittedPatients),
      sources: ["alpha"], identifiers: .pseudonyms(PhantomStudy.site)
    ).run(on: study.cohort).result
  }

  private func fitted(_ patients: [PatientID], key: Pseudonyms) -> FittedPatients {
    let hashes = PatientHashes(patients, key)
    return FittedPatients(isComplete: true, groups: [.init(keyID: hashes.keyID, hashes: hashes.hashes)])
  }

  @Test("A source model that was fitted on a held-out patient is a leak, found by the site's key and named by pseudonym")
  func knownPatient() throws {
    let result = try result(fittedPatients: fitted(["beta-002", "nobody"], key: PhantomStudy.site))
    #expect(result.hasLeak && result.header.sourcePatients == .known(count: 2, heldOut: 1))
    #expect(result.findings.contains(.sourceModelKnowsPatients(count: 1, examples: [PhantomStudy.site.patient("beta-002")])))
    #expect(!String(decoding: try JSONEncoder().encode(result), as: UTF8.self).contains("beta-00"))
  }

  @Test("Hashes under another key, or a model that doesn't say, leave it unknown; a list without any of them is known")
  func unknownPatients() throws {
    let other = Pseudonyms(key: Array("the key of another site".utf8))
    let otherKey = try result(fittedPatients: fitted(["beta-002"], key: other))
    #expect(otherKey.header.sourcePatients == .otherKey(count: 1))
    #expect(otherKey.findings.contains(.sourcePatientsUnknown) && !otherKey.hasLeak)
    let unknown = try result(fittedPatients: .unknown)
    #expect(unknown.header.sourcePatients == .unknown && unknown.findings.contains(.sourcePatientsUnknown))
    let known = try result(fittedPatients: fitted(["nobody"], key: PhantomStudy.site))
    #expect(known.header.sourcePatients == .known(count: 1, heldOut: 0))
    #expect(!known.findings.contains(.sourcePatientsUnknown) && !known.hasLeak)
  }

  @Test("Patients of the source scanner whom the model was fitted on are not scored there, and that is said")
  func knownOnSource() throws {
    let result = try result(fittedPatients: fitted(["alpha-001", "alpha-002"], key: PhantomStudy.site))
    #expect(!result.hasLeak && result.findings.contains(.sourceScansLeftOut(patients: 2)))
    #expect(result.scanners.first { $0.scanner == "alpha" }?.patients == 4)
    #expect(result.scanners.first { $0.scanner == "beta" }?.patients == 6)
  }

  @Test("A file that can't be read is counted, listed by pseudonym with the reason, and left out for every strategy alike")
  func unreadable() throws {
    let broken = study.onBeta[3]
    try AtomicFile.write(Array(try FileContents.read(broken.absolutePath).prefix(60)), to: broken.absolutePath)
    let outcome = try PhantomStudy.validation(
      .withinScanner, PhantomStudy.strategies(["recalibrate", "linear-probe"]), identifiers: .pseudonyms(PhantomStudy.site)
    ).run(on: study.cohort)
    #expect(outcome.result.findings.contains(.unreadable(scans: 1)))
    #expect(outcome.result.unreadable.map(\.scan) == [PhantomStudy.site.scan(broken.id)])
    #expect(outcome.result.unreadable.allSatisfy { !$0.reason.isEmpty && !$0.reason.contains(broken.path) })
    let rest = study.onBeta.map(\.id.rawValue).filter { $0 != broken.id.rawValue }.sorted()
    for name in ["source", "recalibrate", "linear-probe"] {
      #expect(outcome.predictions(name).map(\.scan).sorted() == rest)
    }
  }

  @Test("A failure's sentence names scans by pseudonym, unless identifiers are as given")
  func failureSentence() throws {
    let outcome = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate"])).run(on: study.cohort)
    let scan = study.onBeta[0]
    var records = outcome.records
    let sentence = "could not read \(scan.path) at \(scan.absolutePath)"
    records[0].strategies[1] = FoldRecord.Strategy(name: "recalibrate", failure: sentence)
    let entries = ["source", "recalibrate"].map { StrategyEntry(name: $0, summary: "", statistics: "", head: "keep") }
    func reason(_ identifiers: Identifiers) throws -> String? {
      let summary = EvaluationSummary(header: outcome.result.header, strategies: entries, identifiers: identifiers, scans: study.onBeta)
      guard case .failed(_, let reason) = try summary.result(of: records)["recalibrate"]?.outcome else { return nil }
      return reason
    }
    let pseudonym = PhantomStudy.site.scan(scan.id)
    #expect(try reason(.pseudonyms(PhantomStudy.site)) == "could not read \(pseudonym) at \(pseudonym)")
    #expect(try reason(.asGiven) == sentence)
  }

  @Test("What is flawed about the folds is said in the folds' own words")
  func foldWarning() throws {
    let cohort = study.cohort(of: study.onBeta.map { $0.with(label: $0.patient == study.onBeta[0].patient ? "lesion" : "benign") })
    let findings = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate"])).run(on: cohort).result.findings
    let warning = FoldWarning.classInFewerPatientsThanFolds(label: "lesion", patients: 1, folds: 2)
    #expect(findings.contains(.foldWarning("\(warning)")))
  }

  @Test("Rows without files are told apart from files that can't be read")
  func missing() throws {
    let cohort = Cohort(
      records: study.cohort.records, patientIdentity: study.cohort.patientIdentity,
      unavailable: [ScanFailure(path: "gone.png", line: 3, reason: "no such file")])
    let findings = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate"])).run(on: cohort).result.findings
    #expect(findings.contains(.missingFiles(scans: 1)) && !findings.contains(.unreadable(scans: 1)))
  }

  @Test("A scanner with one class has no AUROC, no verdict, and a finding; what must learn two classes fails with a row that says so")
  func oneClass() throws {
    let cohort = study.cohort(of: study.onBeta.map { $0.with(label: "benign") })
    let strategies = try PhantomStudy.strategies(["recalibrate", "linear-probe"])
    let result = try PhantomStudy.validation(.withinScanner, strategies).run(on: cohort).result
    #expect(result.findings.contains(.oneClassOnScanner(scanner: "beta", label: "benign")))
    #expect(result.header.primaryMetric == .auroc)
    #expect(result["source"]?.primary?.test == nil && result["recalibrate"]?.primary?.difference == nil)
    #expect(result["recalibrate"]?.verdict?.verdict == .cannotTell)
    guard case .failed(_, let reason) = result["linear-probe"]?.outcome else {
      Issue.record("a head was fitted on one class")
      return
    }
    #expect(reason.contains("benign"))
    #expect(result.findings.contains { if case .strategyFailed("linear-probe", _, _) = $0 { true } else { false } })
  }
}
