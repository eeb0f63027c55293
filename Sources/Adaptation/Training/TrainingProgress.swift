/// Where a run stands at a step boundary: with the parameters and the optimizer's state, all that a resumed run needs. Random numbers
/// are functions of (seed, epoch, step) and need no place here.
struct TrainingProgress: Hashable, Sendable, Codable {
  var epoch = 0
  /// The next step within the epoch.
  var step = 0
  /// Sums over this epoch's steps so far.
  var lossSum = 0.0
  /// What the loss is a mean over: scans, or known findings.
  var scans = 0
  /// Scans answered rightly; nil where no label is read.
  var correct: Int?
  /// Scans that were asked about: fewer than `scans`, the loss's entries, where each has several findings.
  var answered: Int?
  var largestGradientNorm = 0.0
  var rows: [EpochMetrics] = []
  var stopping = EarlyStoppingProgress()
  /// Of a training without labels.
  var unlabelled: UnlabelledProgress?

  mutating func add(loss: Double, scans: Int, correct: Int?, of answered: Int, gradientNorm: Double) {
    lossSum += loss * Double(scans)
    self.scans += scans
    if let correct {
      self.correct = (self.correct ?? 0) + correct
      self.answered = (self.answered ?? 0) + answered
    }
    largestGradientNorm = max(largestGradientNorm, gradientNorm)
    step += 1
  }

  /// Goes to the first epoch of a phase; epochs that early stopping saved are left out of the count.
  mutating func beginPhase(at epoch: Int) {
    self.epoch = epoch
    stopping.beginPhase()
  }

  /// Closes the epoch and returns its row, without the validation part.
  mutating func endEpoch(phase: String, learningRate: Double) -> EpochMetrics {
    let row = EpochMetrics(
      epoch: epoch, phase: phase, learningRate: learningRate, trainingLoss: scans == 0 ? nil : lossSum / Double(scans),
      trainingAccuracy: correct.flatMap { correct in answered.map { Double(correct) / Double($0) } },
      largestGradientNorm: largestGradientNorm)
    (epoch, step, lossSum, scans, correct, answered, largestGradientNorm) = (epoch + 1, 0, 0, 0, nil, nil, 0)
    return row
  }
}
