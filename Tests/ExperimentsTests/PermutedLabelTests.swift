import Adaptation
import Evaluation
import Experiments
import Testing

@Suite("Permuted labels") struct PermutedLabelTests {
  @Test("With labels shuffled over patients every AUROC is one half within three standard errors, though a head can learn them by heart")
  func chance() throws {
    let names = ["recalibrate", "prior-mixed", "instance-norm", "linear-probe", "bn-only", "full"]
    var scores: [String: [Double]] = [:]
    var byHeart: [Double] = []
    for seed in 1...10 as ClosedRange<UInt64> {
      let study = try PhantomStudy(scanners: [.beta], patients: 12, seed: seed)
      let result = try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(names, epochs: 4)) {
        $0.permutesLabels = true
        $0.seed = seed
      }.run(on: study.cohort).result
      #expect(result.findings.contains(.labelsPermuted) && result.header.labelsPermuted)
      for name in ["source"] + names {
        let score = try #require(result[name]?.primary)
        #expect(score.metric == .auroc)
        scores[name, default: []].append(try #require(score.test?.value))
        if name == "linear-probe" { byHeart.append(try #require(score.train)) }
      }
    }
    for (name, values) in scores.sorted(by: { $0.key < $1.key }) {
      let (mean, error) = meanAndStandardError(values)
      #expect(abs(mean - 0.5) <= 3 * error, "\(name): \(mean) ± \(error)")
    }
    // Else chance would prove nothing.
    let (mean, error) = meanAndStandardError(byHeart)
    #expect(mean - 0.5 > 3 * error, "linear-probe on its training patients: \(mean) ± \(error)")
  }

  private func meanAndStandardError(_ values: [Double]) -> (mean: Double, error: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    return (mean, (variance / count).squareRoot())
  }
}
