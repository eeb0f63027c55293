import Foundation

/// `adapter_config.json`: what PEFT needs to put a low-rank adapter on a network, of all that it writes.
///
/// Format: `peft.LoraConfig` of PEFT 0.21.
struct PEFTConfiguration: Codable {
  var type: String = "LORA"
  var rank: Int
  var alpha: Double
  var isRankStabilized: Bool?
  /// Ranks and alphas of layers that differ, by patterns of their names.
  var rankPattern: [String: Int]?
  var alphaPattern: [String: Double]?
  /// A regular expression that the whole name of a layer matches; only written, since an adapter's keys say it too.
  var targetModules: String?
  /// Layers that are replaced whole.
  var savedModules: [String]?
  /// Variants that aren't `W + s B A`.
  var usesMagnitude: Bool?
  var hasBias: Bool?
  var isTransposed: Bool?

  enum CodingKeys: String, CodingKey {
    case type = "peft_type"
    case rank = "r"
    case alpha = "lora_alpha"
    case isRankStabilized = "use_rslora"
    case rankPattern = "rank_pattern"
    case alphaPattern = "alpha_pattern"
    case targetModules = "target_modules"
    case savedModules = "modules_to_save"
    case usesMagnitude = "use_dora"
    case hasBias = "lora_bias"
    case isTransposed = "fan_in_fan_out"
  }

  /// - Parameter layers: each layer's path, rank and alpha; at least one.
  init(_ layers: [(path: String, rank: Int, alpha: Double)], savedModules: [String]) {
    let (rank, alpha) = (layers[0].rank, layers[0].alpha)
    (self.rank, self.alpha) = (rank, alpha)
    isRankStabilized = false
    func pattern(_ path: String) -> String { path.replacing(".", with: "\\.") }
    // Anchored, since a pattern also fits the ends of names: 'conv1' that of 'layer1.0.conv1'.
    func anchored(_ path: String) -> String { "^\(pattern(path))" }
    rankPattern = Dictionary(uniqueKeysWithValues: layers.filter { $0.rank != rank }.map { (anchored($0.path), $0.rank) })
    alphaPattern = Dictionary(uniqueKeysWithValues: layers.filter { $0.alpha != alpha }.map { (anchored($0.path), $0.alpha) })
    // A list would match the ends of names too.
    targetModules = layers.map { pattern($0.path) }.joined(separator: "|")
    self.savedModules = savedModules
  }

  /// PEFT writes the targets as a list or as an expression; neither is needed for reading.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    type = try container.decode(String.self, forKey: .type)
    rank = try container.decodeIfPresent(Int.self, forKey: .rank) ?? 8
    alpha = try container.decodeIfPresent(Double.self, forKey: .alpha) ?? 8
    isRankStabilized = try container.decodeIfPresent(Bool.self, forKey: .isRankStabilized)
    rankPattern = try container.decodeIfPresent([String: Int].self, forKey: .rankPattern)
    alphaPattern = try container.decodeIfPresent([String: Double].self, forKey: .alphaPattern)
    savedModules = try container.decodeIfPresent([String].self, forKey: .savedModules)
    usesMagnitude = try container.decodeIfPresent(Bool.self, forKey: .usesMagnitude)
    hasBias = try container.decodeIfPresent(Bool.self, forKey: .hasBias)
    isTransposed = try container.decodeIfPresent(Bool.self, forKey: .isTransposed)
  }

  /// What this reader can't honour; nil where it can.
  var obstacle: String? {
    if type != "LORA" { return "an adapter of type \(type)" }
    if usesMagnitude == true { return "an adapter with magnitudes (use_dora)" }
    if hasBias == true { return "an adapter with biases (lora_bias)" }
    if isTransposed == true { return "an adapter of transposed weights (fan_in_fan_out)" }
    return nil
  }

  /// The rank a layer's matrices have, and the weight of their product.
  func scaling(of layer: String) -> (rank: Int, scale: Double) {
    let rank = value(of: layer, in: rankPattern) ?? rank
    let alpha = value(of: layer, in: alphaPattern) ?? alpha
    return (rank, isRankStabilized == true ? alpha / Double(rank).squareRoot() : alpha / Double(rank))
  }

  /// As PEFT's `get_pattern_key`: the expression fits the whole name, or its end after a dot unless `^` is in front. One that is no
  /// expression fits nothing.
  private func value<Value>(of layer: String, in pattern: [String: Value]?) -> Value? {
    guard let pattern else { return nil }
    return pattern.sorted { $0.key < $1.key }.first { key, _ in
      if key.hasPrefix("^") { return (try? Regex(String(key.dropFirst()))).flatMap { try? $0.wholeMatch(in: layer) } != nil }
      return (try? Regex("(.*\\.)?(\(key))")).flatMap { try? $0.wholeMatch(in: layer) } != nil
    }?.value
  }
}
