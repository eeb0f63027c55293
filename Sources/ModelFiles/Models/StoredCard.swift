import Files
import Foundation
import Graphs
import Imaging

/// A model card as JSON, in a safetensors file's metadata or beside a weight file.
///
/// It carries the graph itself, so that a rewritten network (instance normalization, another head) needs nothing else. A card beside
/// a published network's weights may leave the graph out; architecture and keys then decide it.
struct StoredCard: Codable, Equatable {
  static let metadataKey = "scanadapt.card"
  static let limitBytes = 64 << 20

  var format: Int
  var architecture: Architecture?
  var labels: [String]
  /// Nil: softmax, as in every card of format 1.
  var output: ModelCard.Output?
  var preprocessing: Preprocessing
  var inputShape: FeatureShape
  var fittedPatients: FittedPatients
  var statistics: String
  var provenance: [String]
  var graph: Graph?

  init(_ card: ModelCard, graph: Graph?) {
    format = card.output == .softmax ? 1 : 2
    architecture = card.architecture
    labels = card.labels
    output = card.output == .softmax ? nil : card.output
    preprocessing = card.preprocessing
    inputShape = card.inputShape
    fittedPatients = card.fittedPatients
    statistics = card.statistics
    provenance = card.provenance
    self.graph = graph
  }

  var card: ModelCard {
    ModelCard(
      architecture: architecture, labels: labels, output: output ?? .softmax, preprocessing: preprocessing, inputShape: inputShape,
      fittedPatients: fittedPatients,
      statistics: statistics, provenance: provenance)
  }

  /// - Parameter file: what errors call the place the card was found in.
  init(json: some Sequence<UInt8>, file: String) throws(ModelFileError) {
    let data = Data(json)
    do {
      let format = try JSONDecoder().decode(Format.self, from: data).format
      guard format <= ModelCard.format else { throw ModelFileError(file, .newerCard(found: format, supported: ModelCard.format)) }
      self = try JSONDecoder().decode(StoredCard.self, from: data)
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError(file, .malformedCard(Self.words(error)))
    }
  }

  func json(readable: Bool) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = readable ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    // Every value of a card is representable: strings, integers, finite floats.
    return Array(try! encoder.encode(self))
  }

  private struct Format: Decodable { let format: Int }

  private static func words(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    let (context, what): (DecodingError.Context, String) =
      switch error {
      case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
      case .typeMismatch(let type, let context): (context, "expected \(type)")
      case .valueNotFound(let type, let context): (context, "expected \(type), found null")
      case .dataCorrupted(let context): (context, context.debugDescription)
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "\(error)")
      }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    return path.isEmpty ? what : "at \(path): \(what)"
  }
}
