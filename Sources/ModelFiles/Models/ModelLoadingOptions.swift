import Graphs
import Imaging

/// What a person says about a weight file that has no card, or instead of its card.
public struct ModelLoadingOptions: Hashable, Sendable {
  /// What becomes of the stored head.
  public enum HeadChoice: Hashable, Sendable {
    /// Taken as it is; the labels are those of its logits.
    case stored
    /// Left out (it may be missing, or have any number of classes) for a fresh one with the labels given here.
    case fresh(labels: [String], seed: UInt64)
  }

  /// `--architecture`; inferred where the keys decide it.
  public var architecture: Architecture?
  /// `--labels`, in index order.
  public var labels: [String]?
  /// `--output`: softmax unless given.
  public var output: ModelCard.Output?
  /// `--preprocess`.
  public var preprocessing: Preprocessing?
  /// `--input-size`, where the preprocessing doesn't fix one.
  public var inputSize: (height: Int, width: Int)? {
    get { size.map { ($0.height, $0.width) } }
    set { size = newValue.map { FeatureShape(channels: 1, height: $0.height, width: $0.width) } }
  }
  private var size: FeatureShape?
  /// `--state`, a path of keys such as `ema.model`.
  public var stateKey: String?
  /// `--epsilon` of every normalization; the published network's unless given.
  public var epsilon: Float?
  /// `--unnamed-labels`: the classes are `class-0`, `class-1`, … where no labels are given.
  public var numbersLabels: Bool
  public var head: HeadChoice

  public init(
    architecture: Architecture? = nil, labels: [String]? = nil, output: ModelCard.Output? = nil, preprocessing: Preprocessing? = nil,
    inputSize: (height: Int, width: Int)? = nil, stateKey: String? = nil, epsilon: Float? = nil, numbersLabels: Bool = false,
    head: HeadChoice = .stored
  ) {
    self.architecture = architecture
    self.labels = labels
    self.output = output
    self.preprocessing = preprocessing
    self.stateKey = stateKey
    self.epsilon = epsilon
    self.numbersLabels = numbersLabels
    self.head = head
    self.inputSize = inputSize
  }
}
