import Experiments
import Testing

@Suite("A study of methods is cut to its budget in the order that is written down")
struct AdvicePlanTests {
  private let plan = AdvicePlan(strategies: ["source", "linear-probe", "bn-only", "full"], sizes: [5, 10, 20, 40, 80], draws: 3, folds: 3)

  /// A second for each patient and step of change, but nothing for the source model.
  private func cost(_ strategy: String, _ size: Int) -> Double {
    Double(size) * ["source": 0, "linear-probe": 0.1, "bn-only": 1, "full": 2][strategy]!
  }

  private func cut(_ seconds: Double, memory: Int = 100, bytes: [String: Int] = [:]) -> (plan: AdvicePlan, needed: Double?) {
    plan.cut(to: seconds, memory: memory, cost: cost, bytes: { bytes[$0] })
  }

  @Test("With enough of both nothing is cut")
  func enough() {
    let (cut, needed) = cut(1e6, bytes: ["full": 100])
    #expect(cut == plan && needed == nil)
  }

  @Test("Draws go first, then sizes from the middle, then the dearest strategy, and the second draw last")
  func order() {
    // 9 blocks of 3.1 s a patient, 155 patients: 4324.5 s in all. 85 % of the time may be planned for.
    let fewerDraws = cut(3400).plan
    #expect(fewerDraws.draws == 2 && fewerDraws.sizes == plan.sizes && fewerDraws.strategies == plan.strategies)
    #expect(fewerDraws.cuts == [.draws(from: 3, to: 2)])
    let fewerSizes = cut(3000).plan
    #expect(fewerSizes.draws == 2 && fewerSizes.sizes == [5, 10, 40, 80] && fewerSizes.strategies.count == 4)
    #expect(cut(2600).plan.sizes == [5, 10, 80])
    let noFull = cut(1500).plan
    #expect(noFull.strategies == ["source", "linear-probe", "bn-only"] && noFull.sizes == [5, 10, 80] && noFull.draws == 2)
    #expect(noFull.cuts.last == .strategyNeedsTime(strategy: "full", seconds: 3.1 * 95 * 6))
    let last = cut(60).plan
    #expect(last.strategies == ["source", "linear-probe"] && last.draws == 1)
  }

  @Test(
    "Whatever it is cut to, the plan's cost stays within the time, and where nothing does, what it takes is said",
    arguments: [
      10.0, 33, 34, 100, 500, 1500, 2600, 3400, 9000,
    ])
  func within(seconds: Double) throws {
    let (cut, needed) = cut(seconds)
    if let needed { #expect(needed > seconds && seconds < 34) } else { #expect(cut.seconds(cost) <= seconds) }
    #expect(cut.strategies.first == "source" && cut.sizes.first == 5 && cut.sizes.last == 80)
  }

  @Test("What takes more memory than allowed isn't measured, however much time there is")
  func memory() {
    let cut = cut(1e6, memory: 99, bytes: ["bn-only": 100, "full": 99, "source": 1000]).plan
    #expect(cut.strategies == ["source", "linear-probe", "full"])
    #expect(cut.cuts == [.strategyNeedsMemory(strategy: "bn-only", bytes: 100, allowed: 99)])
  }

  @Test("Sizes are the whole and halves of it, never below two patients of each class")
  func sizes() {
    #expect(PatientSizes.halving(176, classes: 2) == [11, 22, 44, 88, 176])
    #expect(PatientSizes.halving(40, classes: 2) == [5, 10, 20, 40])
    #expect(PatientSizes.halving(10, classes: 2) == [4, 7, 10])
    #expect(PatientSizes.halving(4, classes: 2) == [4])
    #expect(PatientSizes.halving(60, classes: 10) == [20, 40, 60])
  }
}
