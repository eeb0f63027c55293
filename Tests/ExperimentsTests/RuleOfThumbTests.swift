import Adaptation
import Experiments
import Testing

@Suite("Rules of thumb, for advice without measuring")
struct RuleOfThumbTests {
  /// Who is advised, as the list is read: the last rule that applies.
  private func advised(_ patients: Int, mismatch: Bool?, budget: Double = 3600) -> String? {
    let situation = RuleOfThumb.Situation(patientsPerClass: patients, hasMismatch: mismatch, scans: 100, secondsPerPass: 1, budget: budget)
    return RuleOfThumb.all.map { $0.held(against: situation, epochs: 10) }.last { $0.applies }?.strategy
  }

  @Test("More patients of the rarest class allow more change; statistics are touched only where they don't fit")
  func ladder() {
    #expect(advised(0, mismatch: false) == "source" && advised(4, mismatch: nil) == "source")
    #expect(advised(0, mismatch: true) == "recalibrate" && advised(4, mismatch: true) == "recalibrate")
    #expect(advised(5, mismatch: false) == "linear-probe" && advised(29, mismatch: nil) == "linear-probe")
    #expect(advised(15, mismatch: true) == "bn-only" && advised(30, mismatch: false) == "lora")
    #expect(advised(100, mismatch: true) == "full" && advised(5000, mismatch: false) == "full")
  }

  @Test("A budget that full training exceeds leaves what it allows, and the reason is said")
  func budget() {
    // Three passes of a second in each of ten epochs.
    #expect(advised(100, mismatch: true, budget: 30) == "full")
    #expect(advised(100, mismatch: true, budget: 29) == "linear-probe")
    let situation = RuleOfThumb.Situation(patientsPerClass: 100, hasMismatch: true, scans: 100, secondsPerPass: 1, budget: 29)
    let full = RuleOfThumb.all.last!.held(against: situation, epochs: 10)
    #expect(!full.applies && full.reason.contains("30 s") && full.reason.contains("--time"))
  }

  @Test("n_T rises along the ladder from least to most change, every rule has a source, and strategies of that name are known")
  func data() {
    let rules = RuleOfThumb.all
    #expect(rules.map(\.patientsPerClass) == rules.map(\.patientsPerClass).sorted() && Set(rules.map(\.strategy)).count == rules.count)
    #expect(rules.allSatisfy { !$0.source.isEmpty && !$0.reason.isEmpty })
    let known = StrategyCatalogue.names
    #expect(rules.filter { $0.strategy != "lora" }.allSatisfy { known.contains($0.strategy) })
  }
}
