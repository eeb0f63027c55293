import Adaptation
import Cohorts

/// What the ledger proves about a result: who was fitted on, who was scored, and that they differ fold by fold.
public struct LedgerCheck: Hashable, Codable, Sendable {
  public var folds: Int
  /// Distinct patients over all folds.
  public var fittedPatients: Int
  public var scoredPatients: Int
  /// Patients fitted on (weights, statistics, early stopping, inner choices) and scored in the same fold.
  public var leaks: Int
  /// Scans with a prediction that the ledger doesn't list as the fold's test scans.
  public var scansBesidesTest: Int

  public var isClean: Bool { leaks == 0 && scansBesidesTest == 0 }

  init<Answer>(_ ledger: Ledger, _ records: [FoldAnswers<Answer>]) {
    let entries = Dictionary(grouping: ledger.entries) { $0.fold.outer }
    var (fitted, scored): (Set<PatientID>, Set<PatientID>) = ([], [])
    var leaking: Set<String> = []
    var besides = 0
    for record in records {
      let own = entries[record.fold] ?? []
      let fittedHere = Set(own.filter { $0.use != .test && $0.use != .transductive }.map(\.patient))
      let test = Set(own.filter { $0.use == .test && $0.fold.inner == nil }.map(\.scan.rawValue))
      let predictions = (record.strategies + [record.shortcut].compactMap { $0 }).flatMap(\.predictions)
      let scoredHere = Set(predictions.map { PatientID($0.patient) })
      besides += Set(predictions.map(\.scan)).subtracting(test).count
      for patient in fittedHere.intersection(scoredHere) { leaking.insert("\(record.fold)\u{1F}\(patient)") }
      fitted.formUnion(fittedHere)
      scored.formUnion(scoredHere)
    }
    for leak in ledger.leaks() { leaking.insert("\(leak.fold)\u{1F}\(leak.patient)") }
    folds = records.count
    fittedPatients = fitted.count
    scoredPatients = scored.count
    leaks = leaking.count
    scansBesidesTest = besides
  }

  public var sentence: String {
    isClean
      ? "checked from the ledger: in none of \(folds) folds was a scored patient fitted on (\(fittedPatients) patients fitted on and "
        + "\(scoredPatients) scored over all folds)"
      : "THE LEDGER SHOWS A LEAK: \(leaks) times a scored patient was fitted on in the same fold, and \(scansBesidesTest) scored scans "
        + "are no fold's test scans"
  }
}
