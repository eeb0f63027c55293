import Cohorts
import Engine
import Files
import Graphs
import Imaging
import ModelFiles
import Tensors

/// The normalization state that fits one backbone to one scanner: statistics, gamma and beta, epsilon and grouping of every
/// normalization, with what is needed to know whether it may be used.
///
/// Bound to its backbone by hash and to its preprocessing by value: statistics of differently prepared scans are other statistics.
/// It has no head; a new head makes a new model. Under 1 MB for every built-in network.
public struct NormPack: Sendable, Equatable {
  /// One normalization's state.
  public struct Layer: Sendable, Equatable {
    public let name: String
    /// Grouping, epsilon and the sources of its statistics.
    public let operation: NormalizationOperator
    /// Values per channel the statistics were taken of; nil where they were not taken here.
    public let valueCount: Double?
    /// By state-dict field: `weight`, `bias`, and where statistics are kept `running_mean`, `running_var`; [C] each.
    public let parameters: [String: Tensor]

    package static func fields(of operation: NormalizationOperator, at name: String) -> [String] {
      Operator.normalization(operation).parameters(at: name).map(\.id.field)
    }
  }

  public let scanner: ScannerID
  public let backboneHash: ContentHash
  public let preprocessing: Preprocessing
  /// In the order data meets them.
  public let layers: [Layer]
  /// The patients the backbone and this pack were ever fitted on.
  public let fittedPatients: FittedPatients
  /// How many scans and patients its statistics come from.
  public let scanCount: Int
  public let patientCount: Int
  /// How it was made, in words, as in a model's card.
  public let statistics: String
  public let provenance: [String]

  package init(
    scanner: ScannerID, backboneHash: ContentHash, preprocessing: Preprocessing, layers: [Layer], fittedPatients: FittedPatients,
    scanCount: Int, patientCount: Int, statistics: String, provenance: [String]
  ) {
    self.scanner = scanner
    self.backboneHash = backboneHash
    self.preprocessing = preprocessing
    self.layers = layers
    self.fittedPatients = fittedPatients
    self.scanCount = scanCount
    self.patientCount = patientCount
    self.statistics = statistics
    self.provenance = provenance
  }

  /// The state of a model that was fitted to a scanner: recalibrated, swapped, its affine parameters trained.
  ///
  /// - Parameters:
  ///   - valueCounts: by layer, the values per channel behind its statistics.
  public init(
    of model: Model, scanner: ScannerID, scanCount: Int, patientCount: Int, valueCounts: [String: Double] = [:]
  ) {
    let layers = model.graph.normalizations.map { name, operation in
      Layer(
        name: name, operation: operation, valueCount: valueCounts[name],
        parameters: Dictionary(
          uniqueKeysWithValues: Layer.fields(of: operation, at: name).map { ($0, model.parameters[name, $0]) }))
    }
    self.init(
      scanner: scanner, backboneHash: model.backboneHash, preprocessing: model.card.preprocessing, layers: layers,
      fittedPatients: model.card.fittedPatients, scanCount: scanCount, patientCount: patientCount, statistics: model.card.statistics,
      provenance: model.card.provenance)
  }

  /// The model with this scanner's normalization state; its head and everything else stay.
  ///
  /// - Throws: `NormPackError` where the pack was made for another backbone or other preprocessing.
  public func applied(to model: Model, file: String? = nil) throws -> Model {
    func refuse(_ reason: NormPackError.Reason) -> NormPackError { NormPackError(file: file ?? "norm pack of \(scanner)", reason: reason) }
    let hash = model.backboneHash
    guard hash == backboneHash else { throw refuse(.otherBackbone(expected: hash.hex, found: backboneHash.hex)) }
    guard model.card.preprocessing == preprocessing else {
      throw refuse(.otherPreprocessing(expected: "\(model.card.preprocessing)", found: "\(preprocessing)"))
    }
    let needed = model.graph.normalizations
    guard needed.map(\.name) == layers.map(\.name), zip(needed, layers).allSatisfy({ $0.operation.channels == $1.operation.channels })
    else { throw refuse(.otherLayers(expected: needed.map(\.name), found: layers.map(\.name))) }

    let state = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0) })
    var adapted = try model.replacingGraph(model.graph.mapNormalizations { name, _ in state[name]!.operation })
    for layer in layers { for (field, values) in layer.parameters { adapted.parameters[layer.name, field] = values } }
    adapted.card.fittedPatients = fittedPatients
    adapted.card.statistics = statistics
    adapted.card.provenance = provenance
    return adapted
  }

  public static func == (left: NormPack, right: NormPack) -> Bool {
    left.header == right.header && left.layers == right.layers
  }
}
