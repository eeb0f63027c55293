import Cohorts
import Engine
import Files
import Graphs
import ModelFiles

/// What becomes of scans from a scanner that no pack was made for: stated, never guessed.
public enum UnknownScannerPolicy: String, Hashable, Sendable, Codable, CaseIterable {
  /// The pack, or the source model, whose first normalization expects what these scans show there.
  case nearestStatistics
  /// Statistics, gamma and beta between all packs', weighted by how near each is to these scans at the first normalization.
  case mixture
  /// The model as it came.
  case source
  case refuse

  /// As reports say it.
  public var sentence: String {
    switch self {
    case .nearestStatistics: "the pack nearest to the scans asked about, at the first normalization"
    case .mixture: "all packs mixed, by their nearness to the scans asked about at the first normalization"
    case .source: "the model's own statistics, of all scanners pooled"
    case .refuse: "no answer"
    }
  }
}

/// Norm packs of several scanners for one backbone.
public struct NormPackBank: Sendable {
  /// What was chosen for some scans, and why.
  public enum Choice: Sendable, Equatable {
    case pack(NormPack)
    /// The scanner is unknown; the nearest pack, and its mean symmetric KL to the scans at the first normalization.
    case nearest(NormPack, distance: Double)
    /// The scanner is unknown; all packs mixed, and each one's weight.
    case mixture(NormPack, weights: [ScannerID: Double])
    /// The model's own statistics; a distance where they were the nearest.
    case source(distance: Double?)
  }

  /// Sorted by scanner.
  public let packs: [NormPack]

  /// - Throws: `NormPackBankError.twoPacks` where two are for one scanner.
  public init(_ packs: [NormPack]) throws(NormPackBankError) {
    self.packs = packs.sorted { $0.scanner < $1.scanner }
    for (left, right) in zip(self.packs, self.packs.dropFirst()) where left.scanner == right.scanner { throw .twoPacks(left.scanner) }
  }

  /// Every `*.normpack.safetensors` in a folder.
  /// - Throws: `FileError`, `SafetensorsError`, `NormPackError`, `NormPackBankError`.
  public init(folder: String) throws {
    let names = try Folder.names(in: folder).filter { $0.hasSuffix(NormPack.fileSuffix) && !$0.hasPrefix(".") }
    guard !names.isEmpty else { throw NormPackBankError.noPacks(folder: folder) }
    try self.init(try names.map { try NormPack(contentsOf: "\(folder)/\($0)") })
  }

  public subscript(scanner: ScannerID) -> NormPack? { packs.first { $0.scanner == scanner } }

  /// The pack for a scanner, or what the policy says.
  ///
  /// - Parameters:
  ///   - scanner: nil where it isn't known at all.
  ///   - scans: some of the scans, for `.nearestStatistics` and `.mixture`; asked for only then.
  public func choose(
    for scanner: ScannerID?, policy: UnknownScannerPolicy, model: Model, scans: () throws -> FeatureMaps, threads: Int? = nil
  ) throws -> Choice {
    if let scanner, let pack = self[scanner] { return .pack(pack) }
    // Packs of another network can't be compared with these scans.
    if policy == .mixture || policy == .nearestStatistics { for pack in packs { _ = try pack.applied(to: model) } }
    switch policy {
    case .source: return .source(distance: nil)
    case .refuse: throw NormPackBankError.unknownScanner(scanner, known: packs.map(\.scanner))
    case .mixture:
      let (seen, statistics) = try first(of: model, scans: scans, threads: threads)
      let distances = packs.map { pack in pack.statistics(of: seen.layer).map { seen.distance(statistics, to: $0) } }
      guard !distances.contains(nil) else { throw LayerSelectionError.noCandidates }
      let (pack, weights) = try mixture(atDistances: distances.compactMap(\.self))
      return .mixture(pack, weights: weights)
    case .nearestStatistics:
      let (seen, statistics) = try first(of: model, scans: scans, threads: threads)
      var best = Choice.source(distance: seen.distance(statistics, to: model.parameters.statistics(of: seen.layer)))
      guard case .source(let own?) = best else { preconditionFailure("the source comes first") }
      var least = own
      for pack in packs {
        guard let expected = pack.statistics(of: seen.layer) else { continue }
        let distance = seen.distance(statistics, to: expected)
        if distance < least { (least, best) = (distance, .nearest(pack, distance: distance)) }
      }
      return best
    }
  }

  private func first(
    of model: Model, scans: () throws -> FeatureMaps, threads: Int?
  ) throws -> (layer: FirstNormalization, statistics: ChannelStatistics) {
    guard let seen = try FirstNormalization(of: model) else { throw LayerSelectionError.noCandidates }
    return (seen, try seen.statistics(of: scans(), threads: threads))
  }
}

extension NormPackBank.Choice {
  /// The model under it.
  /// - Throws: `NormPackError` where the pack is another backbone's.
  public func applied(to model: Model) throws -> Model {
    switch self {
    case .pack(let pack), .nearest(let pack, _), .mixture(let pack, _): try pack.applied(to: model)
    case .source: model
    }
  }

  /// As a table's column says it.
  public var words: String {
    switch self {
    case .pack(let pack): "pack \(pack.scanner)"
    case .nearest(let pack, _): "nearest pack \(pack.scanner)"
    case .mixture(_, let weights):
      "mixture "
        + weights.sorted { $0.key < $1.key }.map { "\($0.key) \(Int(($0.value * 100).rounded())) %" }.joined(separator: " + ")
    case .source: "source"
    }
  }
}

/// The first normalization with stored statistics: its input depends on no statistics, so scanners can be compared there fairly.
private struct FirstNormalization {
  let layer: String
  private let model: Model
  private let epsilon: Double

  init?(of model: Model) throws {
    guard let first = model.graph.normalizations.first(where: { $0.operation.keepsStatistics }) else { return nil }
    self.model = model
    layer = first.name
    epsilon = Double(first.operation.epsilon)
  }

  func statistics(of scans: FeatureMaps, threads: Int?) throws -> ChannelStatistics {
    let producer = model.graph[layer]!.inputs[0]
    let cut = try model.graph.cut(from: [:], to: [producer])
    let executor = try Executor(
      graph: cut, parameters: model.parameters, input: scans.shape, purpose: .inference(observing: [producer]), threads: threads)
    let moments = try executor.run([model.input: scans]).moments[producer]!
    guard let pooled = ChannelMoments.merged(moments) else { throw RecalibrationError.noScans(listed: 0) }
    return ChannelStatistics(biased: pooled)
  }

  func distance(_ seen: ChannelStatistics, to expected: ChannelStatistics) -> Double {
    let values = MismatchMeasure.symmetricKL.values(source: expected, target: seen, epsilon: epsilon)
    return values.reduce(0, +) / Double(values.count)
  }
}

extension NormPack {
  /// A layer's running statistics; nil where it keeps none.
  fileprivate func statistics(of layer: String) -> ChannelStatistics? {
    guard let parameters = layers.first(where: { $0.name == layer })?.parameters, let mean = parameters["running_mean"],
      let variance = parameters["running_var"]
    else { return nil }
    return ChannelStatistics(mean: mean.values.map(Double.init), variance: variance.values.map(Double.init))
  }
}

/// Why a folder of packs can't serve.
public enum NormPackBankError: Error, Hashable, Sendable, CustomStringConvertible {
  case noPacks(folder: String)
  case twoPacks(ScannerID)
  /// Packs that normalize differently, or belong to different backbones, can't be mixed.
  case differentStructure(ScannerID, ScannerID)
  case unknownScanner(ScannerID?, known: [ScannerID])

  public var description: String {
    switch self {
    case .noPacks(let folder): "\(folder): found no file that ends in '\(NormPack.fileSuffix)'; expected at least one norm pack"
    case .twoPacks(let scanner): "found two norm packs for scanner '\(scanner)'; expected one"
    case .differentStructure(let one, let other):
      "found the packs of '\(one)' and '\(other)' for different backbones, preprocessing or kinds of normalization; expected packs of one "
        + "structure, since their statistics are to be mixed"
    case .unknownScanner(let scanner, let known):
      "found scans of \(scanner.map { "scanner '\($0)'" } ?? "an unknown scanner"); expected one of: "
        + known.map(\.rawValue).joined(separator: ", ")
    }
  }
}
