import Cohorts
import Evaluation
import Experiments
import Foundation
import RandomStreams

/// A cross-validation that nobody ran: scores drawn from normal distributions, put together by the real summary.
struct SimulatedEvaluation {
  var scanner = "B"
  var source: String? = "A"
  var classes = ["normal", "lesion"]
  /// How many of them occur.
  var classesPresent = 2
  var patients = 60
  var folds = 5
  var gains: [(name: String, gain: Double)] = [("recalibrate", 1.3), ("prior-mixed", 1.1), ("linear-probe", 0.5), ("full", -0.9)]
  var protocolName = EvaluationProtocol.withinScanner
  var sourcePatients = EvaluationHeader.SourcePatients.known(count: 40, heldOut: 0)
  var bootstrap = PatientBootstrap(seed: 7, resamples: 300)
  var model = "tiny.safetensors"

  var result: EvaluationResult {
    let header = EvaluationHeader(
      protocolName: protocolName, model: model, architecture: "tiny_bn_cnn", backboneHash: String(repeating: "5f3a", count: 16),
      sourcePatients: sourcePatients,
      preprocessing: "gray, shortest side to 64 (antialiased bilinear), centre 64×64, unit range, mean 0.5, deviation 0.25, 1 channel",
      classes: classes, targetScanners: [scanner], sourceScanners: source.map { [$0] } ?? [],
      patientIdentity: "patients from column 'patient'",
      baseline: .sourceModel, metrics: [.auroc, .balancedAccuracy, .accuracy, .brier], bootstrap: bootstrap, rule: VerdictRule(),
      folds: folds,
      seed: 7)
    let target = "the target's training patients' (layer-sequential, re-estimated after weights moved)"
    let entries =
      [
        StrategyEntry(
          name: "source", summary: "the source model, unchanged", statistics: "the source model's stored statistics", head: "keep")
      ]
      + gains.map { StrategyEntry(name: $0.name, summary: $0.name, statistics: target, head: "train") }
      + [
        StrategyEntry(
          name: "in-swap", summary: "instance normalization", statistics: "each scan's own", head: "keep",
          notApplicable: "a normalization on a 1×1 map would give beta for every scan")
      ]
    let summary = EvaluationSummary(
      header: header, strategies: entries, identifiers: .pseudonyms(Pseudonyms(key: Array("not a secret at all".utf8))))
    let findings: [Finding] = sourcePatients == .unknown ? [.sourcePatientsUnknown] : []
    var made = try! summary.result(of: (0..<folds).map(record), findings: findings)
    made.refitCommand = "scanadapt adapt --model \(model) --scans siteB/ --strategy recalibrate"
    return made
  }

  func record(_ fold: Int) -> FoldRecord {
    let strategies = [("source", 0.0)] + gains
    let here = (0..<patients).filter { $0 % folds == fold }
    return FoldRecord(
      configuration: "none", fold: FoldName(protocolName: protocolName.rawValue, repetition: 0, fold: "\(fold + 1)"),
      trainingPatients: patients - here.count, trainingScans: 3 * (patients - here.count), testPatients: here.count,
      testScans: 3 * here.count,
      strategies: strategies.map { name, gain in
        FoldRecord.Strategy(
          name: name, predictions: here.flatMap { predictions($0, name: name, gain: gain) },
          trainingScores: [0.9 + gain / 40, 0.85, 0.84, 0.12],
          trainedParameters: name == "full" ? 42_113 : name == "linear-probe" ? 130 : 0,
          trainedShare: name == "full" ? 1 : name == "linear-probe" ? 130.0 / 42_113 : 0,
          seconds: name == "source" ? nil : 1.5 + abs(gain), peakBytes: name == "full" ? 1_234_000_000 + fold : nil,
          curve: name == "full" || name == "linear-probe"
            ? (0..<12).map { epoch in
              LearningCurve.Point(
                epoch: epoch, trainingLoss: 0.7 * exp(-Double(epoch) / 5),
                validationLoss: 0.75 * exp(-Double(epoch) / 6) + Double(epoch * fold) / 200)
            } : [], chosenEpoch: 8)
      },
      unreadable: fold == 1 ? [.init(path: "patient Smith/broken.png", reason: "IDAT: CRC error")] : [])
  }

  private func predictions(_ patient: Int, name: String, gain: Double) -> [Prediction] {
    let label = (patient / folds) % classesPresent
    return [scanner, source].compactMap { $0 }.flatMap { place in
      var shared = RandomStream(seed: 3, purpose: "effect", content: "\(patient)")
      let effect = shared.normal()
      let separation = place == source ? 2.6 : 0.8 + gain
      return (0..<3).map { scan in
        var own = RandomStream(seed: 3, purpose: "noise of \(place)", content: "\(name)-\(patient)-\(scan)")
        let score = (label == 1 ? separation : 0) + effect + own.normal() - separation / 2
        let probability = 1 / (1 + exp(-score))
        return Prediction(
          scan: "\(place)/\(patient)-\(scan).png", patient: "p\(patient)", scanner: place, label: label,
          probabilities: [1 - probability, probability])
      }
    }
  }
}
