import Graphs
import Imaging

/// What a network needs beside its weights to be used rightly, and where it comes from.
public struct ModelCard: Hashable, Sendable {
  /// The card's format; a reader refuses a newer one.
  public static let format = 1

  /// The published network it started from; nil for any other graph.
  public var architecture: Architecture?
  /// The class names in the order of the logits.
  public var labels: [String]
  public var preprocessing: Preprocessing
  /// One image as the network gets it.
  public var inputShape: FeatureShape
  public var fittedPatients: FittedPatients
  /// Which statistics its normalizations hold, in words: `source`, `recalibrated on scanner B, 40 scans of 12 patients`.
  public var statistics: String
  /// What happened to it, oldest first: source file and its SHA-256, then one line per adaptation.
  public var provenance: [String]

  public init(
    architecture: Architecture?, labels: [String], preprocessing: Preprocessing, inputShape: FeatureShape,
    fittedPatients: FittedPatients = .unknown, statistics: String = "source", provenance: [String] = []
  ) {
    self.architecture = architecture
    self.labels = labels
    self.preprocessing = preprocessing
    self.inputShape = inputShape
    self.fittedPatients = fittedPatients
    self.statistics = statistics
    self.provenance = provenance
  }
}
