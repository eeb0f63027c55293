import Cohorts

/// Where in depth a mismatch starts, and what that suggests: a rule, stated, so that it can be disagreed with.
///
/// A layer counts where its family-wise p-value is at most 0.05. What an early layer sees, all later ones are fed; so the first layer
/// that counts says what kind of change it is. The first third of the depth (rounded up) is shallow.
public enum DepthConclusion: Hashable, Sendable, Codable {
  /// Too few patients to tell chance from anything.
  case tooFewPatients
  case nothing
  /// The pixels' intensities differ between the scanners already: gain, offset, window, inversion, clipping.
  case intensity(measures: [InputMeasure], layer: String?)
  /// In the first third, with no intensity that differs (or no other scanner to compare intensities with).
  case shallow(layer: String, depth: Int, comparedIntensities: Bool)
  /// Later only: the first layers' means and variances agree.
  case deep(layer: String, depth: Int)

  public init(_ report: MismatchReport, input: InputShift? = nil) {
    guard report.layers.contains(where: { $0.familyWisePValue != nil }) else {
      self = .tooFewPatients
      return
    }
    let intensities = (input?.beyondChance() ?? []).filter(\.measure.isIntensity).map(\.measure)
    let first = report.layersBeyondChance().first
    let shallow = (report.layers.count + 2) / 3
    if !intensities.isEmpty, first == nil || first!.depth < shallow {
      self = .intensity(measures: intensities, layer: first?.layer)
    } else if let first {
      self =
        first.depth < shallow
        ? .shallow(layer: first.layer, depth: first.depth, comparedIntensities: input != nil)
        : .deep(layer: first.layer, depth: first.depth)
    } else {
      self = .nothing
    }
  }

  /// The finding, in plain words.
  public var finding: String {
    switch self {
    case .tooFewPatients: "Too few patients to tell what chance does."
    case .nothing: "No layer differs by more than chance does."
    case .intensity(let measures, let layer):
      "The scans' intensities differ (\(measures.map(\.rawValue).joined(separator: ", ")))"
        + (layer.map { ", and the network shows it from \($0) on." } ?? ", though no layer shows it beyond chance.")
    case .shallow(let layer, let depth, _): "It starts early, at \(layer) (depth \(depth))."
    case .deep(let layer, let depth): "It starts deep, at \(layer) (depth \(depth)); the layers before agree."
    }
  }

  /// What to do first.
  public var suggestion: String {
    switch self {
    case .tooFewPatients: "Collect scans of more patients, twenty or more."
    case .nothing: "Leave the normalization statistics as they are."
    case .intensity:
      "Check the preprocessing first: window and scaling, inverted intensities, bit depth, borders. What is left, new normalization "
        + "statistics can take up."
    case .shallow(_, _, true):
      "Texture, sharpness or noise rather than intensity: new normalization statistics are the remedy to try."
    case .shallow(_, _, false):
      "Intensity, contrast, sharpness or noise: check the preprocessing (window, scaling, inversion), then try new normalization "
        + "statistics. Scans of a source scanner (--reference) would tell which."
    case .deep:
      "Content rather than intensity: other patients, other shares of the classes, another view or polarity, or a network that knows its "
        + "training patients by heart. New statistics would absorb the classes' shares; get labels for some patients first."
    }
  }
}
