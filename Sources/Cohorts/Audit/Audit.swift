import Files
import Imaging

/// Are patients, labels and files sound, and is anything leaking? Every file is decoded once, on several threads; what is kept of each is
/// facts and signatures of about 2 KB, so memory grows with their number and not with their size.
///
/// The result depends neither on the number of threads nor on the order of the manifest's rows (but for the order of what it lists).
public struct Audit: Sendable {
  public let cohort: Cohort
  public let settings: AuditSettings
  public let expectations: AuditExpectations?
  /// For comparing patients with hashes in the model's card.
  public let pseudonyms: Pseudonyms?
  /// Patients that are known to have been used for pretraining, by the names the manifest would have for them.
  public let pretrainedOn: Set<PatientID>

  public init(
    _ cohort: Cohort, settings: AuditSettings = AuditSettings(), for expectations: AuditExpectations? = nil, pseudonyms: Pseudonyms? = nil,
    pretrainedOn: Set<PatientID> = []
  ) {
    self.cohort = cohort
    self.settings = settings
    self.expectations = expectations
    self.pseudonyms = pseudonyms
    self.pretrainedOn = pretrainedOn
  }

  /// - Parameter progress: what is being done, how much of it is done, of how much.
  public func run(progress: (String, Int, Int) -> Void = { _, _, _ in }) -> AuditResult {
    var facts: [ScanFacts] = []
    var store = SignatureStore()
    var failures = cohort.unavailable
    var firstWithPixels: Set<ContentHash> = []
    let (limits, preprocessing) = (settings.limits, expectations?.preprocessing)
    let examined = Prefetching(cohort.records, workers: settings.threads, ahead: 64 * settings.threads) {
      ScanExamination.examine($0, limits: limits, for: preprocessing)
    }
    for (record, result) in zip(cohort.records, examined) {
      switch result {
      case .success(let scan):
        // Equal pixels are found by their hash; one of each is enough for the search.
        if firstWithPixels.insert(scan.pixels).inserted, let signature = scan.signature { store.append(signature, of: facts.count) }
        facts.append(ScanFacts(record, scan))
      case .failure(let failure): failures.append(failure)
      }
      progress("scans decoded", facts.count + failures.count - cohort.unavailable.count, cohort.count)
    }
    progress("scans decoded; comparing", store.count, store.count)
    let pictures = PictureChecks(facts, store, settings)
    let labels = LabelChecks(cohort.records, facts, settings)
    let people = PeopleChecks(self)
    let findings =
      people.findings + pictures.findings + labels.findings + FileChecks(facts, failures, cohort.notes).findings
      + (expectations.map { ModelChecks($0, cohort, facts).findings } ?? [])
    var unions = PatientUnions()
    for group in findings.flatMap(\.groups) { for other in group.dropFirst() { unions.join(group[0], other) } }
    return AuditResult(
      findings: findings, failures: failures, cohort: cohort, searched: store.count, groups: unions.groups(),
      associations: labels.associations, falseAlarmRate: settings.falseAlarmRate)
  }
}

/// A scan that was read, and what is known of its file.
package struct ScanFacts: Sendable {
  let record: ScanRecord
  let pixels: ContentHash
  let survey: SampleSurvey
  let layout: [Float]
  let isSearched: Bool
  let warning: String?
  let refusal: PixelError?
  let modelRange: ScanExamination.ModelRange?

  init(_ record: ScanRecord, _ scan: ScanExamination) {
    self.record = record
    pixels = scan.pixels
    survey = scan.survey
    layout = scan.layout
    isSearched = scan.signature != nil
    warning = scan.warning
    refusal = scan.refusal
    modelRange = scan.modelRange
  }
}
