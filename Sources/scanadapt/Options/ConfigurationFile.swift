import Adaptation
import Files
import Yams

/// `config.yaml`: a training configuration, fully resolved, that `--config` takes back.
enum ConfigurationFile {
  static func read(_ path: String) throws -> TrainingConfiguration {
    let text = String(decoding: try FileContents.read(path, limitBytes: 1 << 20), as: UTF8.self)
    do {
      return try YAMLDecoder().decode(TrainingConfiguration.self, from: text)
    } catch {
      throw ConfigurationError(file: path, reason: Self.sentence(error))
    }
  }

  static func text(of configuration: some Encodable) throws -> String {
    let encoder = YAMLEncoder()
    encoder.options.sortKeys = true
    return try encoder.encode(configuration)
  }

  private static func sentence(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, _): return "found no '\(key.stringValue)'; expected it"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }
}

struct ConfigurationError: Error, CustomStringConvertible {
  let file: String
  let reason: String

  var description: String { "\(file): \(reason)" }
}
