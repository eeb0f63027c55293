import Adaptation
import Engine
import Imaging

extension TrainingConfiguration {
  /// As a methods section says it.
  var sentence: String {
    let rule =
      switch optimizer.rule {
      case .sgd(let momentum, let nesterov, let decay):
        "SGD (momentum \(momentum)\(nesterov ? ", Nesterov" : ""), weight decay \(decay))"
      case .adamW(let beta1, let beta2, _, let decay): "AdamW (beta \(beta1) and \(beta2), weight decay \(decay))"
      }
    let shape =
      switch schedule.shape {
      case .constant: "constant"
      case .cosine(let share): "cosine to \(share) of it"
      case .step(let every, let factor): "times \(factor) every \(every) epochs"
      }
    var parts = [
      "\(epochs) epochs in batches of \(batchSize)", rule + (optimizer.decaysAffineAndBias ? "" : " on weights only"),
      "learning rate \(learningRate), \(shape)"
        + (schedule.warmUpEpochs > 0 ? " after a linear warm-up of \(schedule.warmUpEpochs) epochs" : ""),
    ]
    if let penalty = optimizer.startingPointPenalty { parts.append("L2-SP penalty \(penalty) on the distance from pretrained weights") }
    if let norm = optimizer.clippingNorm { parts.append("gradients clipped at norm \(norm)") }
    if classWeighting != .none { parts.append("class weights \(classWeighting.rawValue)") }
    if labelSmoothing > 0 { parts.append("label smoothing \(labelSmoothing)") }
    if let augmentation { parts.append("augmentation: \(augmentation)") }
    if let earlyStopping {
      let measure = earlyStopping.measure == .validationLoss ? "validation loss" : "validation AUROC"
      parts.append("stopped after \(earlyStopping.patience) epochs without a better \(measure)")
    }
    return (parts + ["seed \(seed)"]).joined(separator: "; ")
  }
}
