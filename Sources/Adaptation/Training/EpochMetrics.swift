import Files

/// One epoch's row in `metrics.csv`. Nil is undefined or not measured.
public struct EpochMetrics: Hashable, Sendable, Codable {
  /// From 0.
  public var epoch: Int
  /// The phase of training it belongs to; nil in a checkpoint of an older version.
  public var phase: String?
  /// Of the epoch's last step.
  public var learningRate: Double
  /// The mean over the scans that the loss counts, each at the weights of its step; nil where it counted none.
  public var trainingLoss: Double?
  /// Nil where no label is read.
  public var trainingAccuracy: Double?
  /// The largest global gradient norm of the epoch, before clipping.
  public var largestGradientNorm: Double
  public var validationLoss: Double?
  public var validationAccuracy: Double?
  /// Macro average over classes against the rest where there are more than two. Nil with one class.
  public var validationAUROC: Double?
  /// Whether early stopping found this epoch the best so far.
  public var isBest: Bool?

  /// The columns of `csvRow`, of format 1.
  public static let csvHeader =
    "epoch,learning_rate,training_loss,training_accuracy,largest_gradient_norm,validation_loss,validation_accuracy,validation_auroc,is_best,phase"

  /// Numbers in their shortest form that reads back to the same bits; undefined ones empty.
  public var csvRow: String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    let numbers: [Double?] = [
      learningRate, trainingLoss, trainingAccuracy, largestGradientNorm, validationLoss, validationAccuracy, validationAUROC,
    ]
    return (["\(epoch)"] + numbers.map(text) + [isBest.map { $0 ? "1" : "0" } ?? "", csvCell(phase ?? "")]).joined(separator: ",")
  }
}
