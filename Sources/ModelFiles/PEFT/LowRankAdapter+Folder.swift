import Files
import Foundation
import Graphs
import OrderedCollections
import Tensors

extension LowRankAdapter {
  static let weightsName = "adapter_model.safetensors"
  static let configurationName = "adapter_config.json"
  private static let prefix = "base_model.model."

  /// Writes the folder that `PeftModel.from_pretrained(network, folder)` takes. The configuration comes last.
  ///
  /// - Throws: `FileError`.
  public func write(toFolder folder: String) throws {
    try Folder.create(folder)
    var metadata = [("format", "pt")]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let origin { metadata.append((Origin.metadataKey, String(decoding: try encoder.encode(origin), as: UTF8.self))) }
    var file = SafetensorsWriter(metadata: metadata)
    for layer in layers {
      let a = layer.groups > 1 ? GroupedFactor.widened(layer.a, groups: layer.groups) : layer.a
      file.add(a, as: "\(Self.prefix)\(layer.path).lora_A.weight")
      file.add(layer.b, as: "\(Self.prefix)\(layer.path).lora_B.weight")
    }
    for (id, tensor) in replaced { file.add(tensor, as: "\(Self.prefix)\(id)") }
    for (path, count) in batchesTracked.sorted(by: { $0.key < $1.key }) { file.add(count, as: "\(Self.prefix)\(path).num_batches_tracked") }
    try file.write(to: "\(folder)/\(Self.weightsName)")
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try AtomicFile.write(Array(try encoder.encode(configuration)) + [0x0A], to: "\(folder)/\(Self.configurationName)")
  }

  /// The first layer's rank and alpha stand for all, those of layers that differ in patterns.
  private var configuration: PEFTConfiguration {
    let settings = layers.map { layer in
      let rank = layer.a.shape[0]
      return (path: layer.path, rank: rank, alpha: Self.alpha(scale: layer.scale, rank: rank))
    }
    var modules: [String] = []
    for path in replaced.keys.map(\.path) where modules.last != path { modules.append(path) }
    return PEFTConfiguration(settings, savedModules: modules)
  }

  /// The shortest alpha that gives the scale back in Float32: 8, not 8.000000238, for rank 3.
  private static func alpha(scale: Double, rank: Int) -> Double {
    let exact = scale * Double(rank)
    let short = (exact * 1e5).rounded() / 1e5
    return Float(short / Double(rank)) == Float(scale) ? short : exact
  }

  /// Reads an adapter that ScanAdapt or PEFT wrote.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `AdapterError`.
  public init(contentsOfFolder folder: String) throws {
    let path = "\(folder)/\(Self.configurationName)"
    let configuration: PEFTConfiguration
    do {
      configuration = try JSONDecoder().decode(
        PEFTConfiguration.self, from: Data(try FileContents.read(path, limitBytes: 1 << 20)))
    } catch let error as DecodingError { throw AdapterError(file: path, reason: .malformed("\(error)")) }
    if let obstacle = configuration.obstacle { throw AdapterError(file: path, reason: .otherKind(obstacle)) }
    let weights = "\(folder)/\(Self.weightsName)"
    let bytes = try FileContents.read(weights, limitBytes: 1 << 30)
    let file = try SafetensorsFile(bytes: bytes, file: weights)
    var origin: Origin?
    if let text = file.metadata[Origin.metadataKey] {
      do { origin = try JSONDecoder().decode(Origin.self, from: Data(text.utf8)) } catch {
        throw AdapterError(file: weights, reason: .malformed("\(error)"))
      }
      guard origin!.format <= Origin.newestFormat else {
        throw AdapterError(file: weights, reason: .newerFormat(expected: Origin.newestFormat, found: origin!.format))
      }
    }
    let content = try Content(file, weights, configuration)
    self.init(
      layers: content.layers, replaced: content.replaced, batchesTracked: content.batchesTracked, origin: origin,
      source: (weights, ContentHash(of: bytes)))
  }

  /// A weight file's tensors, sorted into what they are.
  private struct Content {
    var layers: [Layer] = []
    var replaced: OrderedDictionary<ParameterID, Tensor> = [:]
    var batchesTracked: [String: Int64] = [:]

    init(_ file: SafetensorsFile, _ path: String, _ configuration: PEFTConfiguration) throws(AdapterError) {
      var factors: OrderedDictionary<String, [String: Tensor]> = [:]
      for (key, stored) in file.tensors {
        guard key.hasPrefix(LowRankAdapter.prefix), let dot = key.lastIndex(of: ".") else {
          throw AdapterError(file: path, reason: .unknownParameter(key))
        }
        let owner = String(key[..<dot].dropFirst(LowRankAdapter.prefix.count))
        let field = String(key[key.index(after: dot)...])
        if field == "num_batches_tracked", let count = stored.decodedIntegers()?.first {
          batchesTracked[owner] = count
          continue
        }
        let tensor = stored.decodedTensor()
        let isVariance = field == "running_var"
        guard tensor.values.allSatisfy({ $0.isFinite && (!isVariance || $0 >= 0) }) else {
          throw AdapterError(file: path, reason: .impossibleValue(key))
        }
        if let factor = ["lora_A", "lora_B"].first(where: { owner.hasSuffix(".\($0)") }), field == "weight" {
          factors[String(owner.dropLast(factor.count + 1)), default: [:]][factor] = tensor
        } else {
          replaced[ParameterID(path: owner, field: field)] = tensor
        }
      }
      guard !factors.isEmpty else { throw AdapterError(file: path, reason: .noLayers) }
      for (layer, pair) in factors {
        guard let a = pair["lora_A"], let b = pair["lora_B"] else { throw AdapterError(file: path, reason: .halfLayer(layer)) }
        let (rank, scale) = configuration.scaling(of: layer)
        guard rank > 0, scale.isFinite, a.shape.rank == 2 || a.shape.rank == 4, a.shape[0] == rank, b.shape.rank == a.shape.rank else {
          throw AdapterError(
            file: path,
            reason: .shape(key: "\(layer).lora_A.weight", expected: "[\(rank), …] as its configuration says", found: "\(a.shape)"))
        }
        layers.append(Layer(path: layer, a: a, b: b, scale: scale, groups: 1))
      }
    }
  }
}
