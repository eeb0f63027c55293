import Graphs
import Imaging

/// What a network needs beside its weights to be used rightly, and where it comes from.
public struct ModelCard: Hashable, Sendable {
  /// The newest format that a card may have; a reader refuses a newer one. Cards of classes that exclude each other have format 1, those of
  /// findings 2.
  public static let format = 2

  /// What turns logits into probabilities.
  public enum Output: String, Hashable, Sendable, Codable, CaseIterable {
    /// Over all classes, which exclude each other.
    case softmax
    /// Of each logit by itself: a probability for each finding, which may be there together.
    case sigmoid
  }

  /// The published network it started from; nil for any other graph.
  public var architecture: Architecture?
  /// The class names in the order of the logits.
  public var labels: [String]
  public var output: Output
  public var preprocessing: Preprocessing
  /// One image as the network gets it.
  public var inputShape: FeatureShape
  public var fittedPatients: FittedPatients
  /// Which statistics its normalizations hold, in words: `source`, `recalibrated on scanner B, 40 scans of 12 patients`.
  public var statistics: String
  /// What happened to it, oldest first: source file and its SHA-256, then one line per adaptation.
  public var provenance: [String]

  public init(
    architecture: Architecture?, labels: [String], output: Output = .softmax, preprocessing: Preprocessing, inputShape: FeatureShape,
    fittedPatients: FittedPatients = .unknown, statistics: String = "source", provenance: [String] = []
  ) {
    self.architecture = architecture
    self.labels = labels
    self.output = output
    self.preprocessing = preprocessing
    self.inputShape = inputShape
    self.fittedPatients = fittedPatients
    self.statistics = statistics
    self.provenance = provenance
  }
}
