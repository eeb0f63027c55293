import Cohorts
import Engine
import Files
import Graphs
import ModelFiles
import Normalization

/// What a batch puts in place for a scanner: a norm pack where only normalizations changed, else a whole model.
enum Artefact {
  case pack(NormPack)
  case model(Model)

  /// - Throws: `ScannerFolderError` where a pack would be for several scanners.
  init(_ adapted: AdaptationRun.Result, source: Model, scanners: [ScannerID]) throws(ScannerFolderError) {
    let model = adapted.model
    let headIsSame = source.graph.headParameters.allSatisfy { declaration in
      model.parameters.contains(declaration.id) && model.parameters[declaration.id] == source.parameters[declaration.id]
    }
    guard headIsSame, model.card.labels == source.card.labels, model.backboneHash == source.backboneHash else {
      self = .model(model)
      return
    }
    guard scanners.count == 1 else { throw .severalScanners(scanners) }
    self = .pack(
      NormPack(of: model, scanner: scanners[0], scanCount: adapted.report.scans, patientCount: adapted.report.patients))
  }

  /// The file's name for a folder's name.
  func fileName(for folder: String) -> String {
    switch self {
    case .pack: folder + NormPack.fileSuffix
    case .model: folder + Self.modelSuffix
    }
  }

  /// Every name that a folder's artefact can have.
  static func fileNames(for folder: String) -> [String] { [folder + NormPack.fileSuffix, folder + modelSuffix] }

  private static let modelSuffix = ".model.safetensors"

  func write(to path: String) throws {
    switch self {
    case .pack(let pack): try pack.write(to: path)
    case .model(let model): try ModelWriter.write(model, to: path)
    }
  }

  /// The mean symmetric KL divergence, over layers and channels, of these statistics from those in a file written before; nil where there
  /// is none that can be read, or nothing to compare.
  func change(sinceFileAt path: String) -> Double? {
    let mine: [String: LayerStatistics]
    let old: [String: LayerStatistics]?
    switch self {
    case .pack(let pack):
      mine = LayerStatistics.all(of: pack)
      old = (try? NormPack(contentsOf: path)).map(LayerStatistics.all)
    case .model(let model):
      mine = LayerStatistics.all(of: model)
      old = (try? ModelLoader.load(path).model).map(LayerStatistics.all)
    }
    guard let old else { return nil }
    var values: [Double] = []
    for layer in mine.keys.sorted() {
      guard let before = old[layer], let now = mine[layer], before.statistics.channels == now.statistics.channels else { continue }
      values += MismatchMeasure.symmetricKL.values(source: before.statistics, target: now.statistics, epsilon: now.epsilon)
    }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}

/// One layer's stored statistics and its epsilon.
private struct LayerStatistics {
  let statistics: ChannelStatistics
  let epsilon: Double

  static func all(of pack: NormPack) -> [String: LayerStatistics] {
    var found: [String: LayerStatistics] = [:]
    for layer in pack.layers {
      guard let mean = layer.parameters["running_mean"], let variance = layer.parameters["running_var"] else { continue }
      found[layer.name] = LayerStatistics(
        statistics: ChannelStatistics(mean: mean.values.map(Double.init), variance: variance.values.map(Double.init)),
        epsilon: Double(layer.operation.epsilon))
    }
    return found
  }

  static func all(of model: Model) -> [String: LayerStatistics] {
    var found: [String: LayerStatistics] = [:]
    for (name, operation) in model.graph.normalizations where operation.keepsStatistics {
      found[name] = LayerStatistics(statistics: model.parameters.statistics(of: name), epsilon: Double(operation.epsilon))
    }
    return found
  }
}

/// A folder whose scans can't make what a batch makes.
public enum ScannerFolderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A norm pack is one scanner's.
  case severalScanners([ScannerID])
  /// Another folder of the batch has the scanner.
  case scannerTwice(ScannerID, other: String)
  case noScans

  public var description: String {
    switch self {
    case .severalScanners(let scanners):
      "found scans of \(scanners.map { "'\($0)'" }.joined(separator: ", ")); expected one scanner, since a norm pack is one scanner's"
    case .scannerTwice(let scanner, let other): "found scans of '\(scanner)', as in folder '\(other)'; expected each scanner in one folder"
    case .noScans: "found no scan; expected at least one"
    }
  }
}
