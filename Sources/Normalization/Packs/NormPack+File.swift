import Cohorts
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Tensors

/// A norm pack as a file: safetensors with PyTorch's names, so that `load_state_dict(strict=False)` takes it, and everything else as
/// JSON in the metadata.
extension NormPack {
  /// The description's format; a reader refuses a newer one.
  public static let format = 1
  /// What a pack's file name ends with.
  public static let fileSuffix = ".normpack.safetensors"
  /// Where its scanner's pack is in a folder: the scanner's name, and a hash where that can't be a file's.
  public var fileName: String {
    let name = scanner.rawValue
    let isPlain = !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 100 && !name.contains { "/\\\0".contains($0) || $0.isNewline }
    return (isPlain ? name : "scanner-\(ContentHash(of: name).hex.prefix(12))") + Self.fileSuffix
  }
  static let metadataKey = "scanadapt.norm_pack"
  /// Far more than any built-in network needs.
  private static let sizeLimit = 64 << 20

  /// Everything but the tensors.
  struct Header: Codable, Hashable {
    struct Layer: Codable, Hashable {
      let name: String
      let operation: NormalizationOperator
      let valueCount: Double?
    }

    let format: Int
    let scanner: ScannerID
    let backboneHash: ContentHash
    let preprocessing: String
    let layers: [Layer]
    let fittedPatients: FittedPatients
    let scanCount: Int
    let patientCount: Int
    let statistics: String
    let provenance: [String]
  }

  var header: Header {
    Header(
      format: Self.format, scanner: scanner, backboneHash: backboneHash, preprocessing: "\(preprocessing)",
      layers: layers.map { Header.Layer(name: $0.name, operation: $0.operation, valueCount: $0.valueCount) },
      fittedPatients: fittedPatients, scanCount: scanCount, patientCount: patientCount, statistics: statistics, provenance: provenance)
  }

  /// Writes the pack whole or not at all. Equal packs give equal bytes.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let description = String(decoding: try encoder.encode(header), as: UTF8.self)
    var file = SafetensorsWriter(metadata: [(Self.metadataKey, description)])
    for layer in layers {
      for field in Layer.fields(of: layer.operation, at: layer.name) { file.add(layer.parameters[field]!, as: "\(layer.name).\(field)") }
    }
    try file.write(to: path)
  }

  /// Reads a pack; a file that lacks anything a pack carries is refused.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `NormPackError`.
  public init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path, limitBytes: Self.sizeLimit)
    func refuse(_ reason: NormPackError.Reason) -> NormPackError { NormPackError(file: path, reason: reason) }
    guard let description = file.metadata[Self.metadataKey] else { throw refuse(.notANormPack) }
    let header = try Self.header(of: description, file: path)
    var unused = Set(file.tensors.keys)
    let layers = try header.layers.map { described in
      var parameters: [String: Tensor] = [:]
      for field in Layer.fields(of: described.operation, at: described.name) {
        let key = "\(described.name).\(field)"
        let expected: Shape = [described.operation.channels]
        guard let stored = file.tensors[key] else { throw refuse(.tensor(key: key, expected: "F32 \(expected)", found: "nothing")) }
        guard stored.shape == expected, stored.elementType == .float32 else {
          throw refuse(.tensor(key: key, expected: "F32 \(expected)", found: "\(stored.elementType.rawValue) \(stored.shape)"))
        }
        let values = stored.decodedTensor()
        guard values.values.allSatisfy({ $0.isFinite && (field != "running_var" || $0 >= 0) }) else {
          throw refuse(.impossibleValue(key))
        }
        parameters[field] = values
        unused.remove(key)
      }
      return Layer(name: described.name, operation: described.operation, valueCount: described.valueCount, parameters: parameters)
    }
    if let first = unused.min() { throw refuse(.unexpectedTensor(first)) }
    let preprocessing: Preprocessing
    do { preprocessing = try Preprocessing(specification: header.preprocessing) } catch { throw refuse(.malformed("\(error)")) }
    self.init(
      scanner: header.scanner, backboneHash: header.backboneHash, preprocessing: preprocessing, layers: layers,
      fittedPatients: header.fittedPatients, scanCount: header.scanCount, patientCount: header.patientCount,
      statistics: header.statistics, provenance: header.provenance)
  }

  private static func header(of description: String, file: String) throws(NormPackError) -> Header {
    struct Format: Decodable { let format: Int }
    let bytes = Data(description.utf8)
    let header: Header
    do {
      let found = try JSONDecoder().decode(Format.self, from: bytes).format
      guard found <= format else { throw NormPackError(file: file, reason: .newerFormat(expected: format, found: found)) }
      header = try JSONDecoder().decode(Header.self, from: bytes)
    } catch let error as NormPackError {
      throw error
    } catch {
      throw NormPackError(file: file, reason: .malformed("\(error)"))
    }
    var names: Set<String> = []
    for layer in header.layers {
      guard names.insert(layer.name).inserted else { throw NormPackError(file: file, reason: .malformed("'\(layer.name)' stands twice")) }
      guard layer.operation.isSound else {
        throw NormPackError(file: file, reason: .malformed("'\(layer.name)' is no possible normalization"))
      }
    }
    return header
  }
}

extension NormalizationOperator {
  /// Whether data read from outside can be meant.
  fileprivate var isSound: Bool {
    guard (1...(1 << 20)).contains(channels), epsilon.isFinite, epsilon >= 0 else { return false }
    if let momentum = updatesStored, !(0...1).contains(momentum) { return false }
    switch grouping {
    case .batch, .instance: return true
    case .group(let count): return count > 0 && channels % count == 0
    case .perChannel(let isInstance): return isInstance.count == channels
    }
  }
}
