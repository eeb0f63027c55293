extension Preprocessing: CustomStringConvertible {
  /// One line that says everything, in fixed order, and that `Preprocessing(specification:)` reads back:
  /// `gray=equal alpha=opaque resize=256 filter=bilinear crop=224x224 scale=unit channels=3 mean=0.485,… std=0.229,…`.
  public var description: String {
    let size =
      switch resize {
      case .none: "none"
      case .shortestSide(let side): "\(side)"
      case .exact(let width, let height): "\(width)x\(height)"
      }
    let crop = centerCrop.map { "\($0.width)x\($0.height)" } ?? "none"
    return "gray=\(grayConversion) alpha=\(alphaRule) resize=\(size) filter=\(filter) crop=\(crop) scale=\(scaling) "
      + "channels=\(channels) mean=\(listed(mean)) std=\(listed(standardDeviation))"
  }

  /// A key under which a prepared scan may be stored: equal for equal preprocessing, different when any pixel could differ.
  public var cacheKey: String { "preprocessing-1 \(description)" }

  private func listed(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
}

/// A preprocessing line that cannot be read: which word, and what was expected there.
public struct PreprocessingSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  public let word: String
  public let expected: String

  public var description: String { "preprocessing: found '\(word)'; expected \(expected)" }
}

extension Preprocessing {
  /// Reads `key=value` words separated by spaces, in any order, each at most once; keys left out keep the default's value.
  /// The first word may be a preset: `imagenet` (256, crop 224, three channels), `imagenet224` (the same without resizing), `cifar10`
  /// (32×32 and ImageNet's mean and deviation, as the published CIFAR ResNets were trained) or `unit` (one channel, samples in 0…1).
  ///
  /// One number for `mean` or `std` stands for every channel.
  public init(specification: String) throws(PreprocessingSyntaxError) {
    var words = specification.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let first = words.first else { throw PreprocessingSyntaxError(word: "", expected: "words like resize=256 crop=224") }
    var base = Preprocessing()
    if !first.contains("=") {
      guard let preset = Preprocessing.presets.first(where: { $0.name == first }) else {
        throw PreprocessingSyntaxError(word: first, expected: "imagenet, imagenet224, cifar10, unit, or words like resize=256")
      }
      base = preset.value
      words.removeFirst()
    }
    var fields = SpecificationFields()
    for word in words { try fields.add(word) }

    let channels = try fields.value("channels", "1 or 3", SpecificationFields.channels) ?? base.channels
    func perChannel(_ key: String, _ inherited: [Float], positive: Bool) throws(PreprocessingSyntaxError) -> [Float] {
      let expected = "1 or \(channels) \(positive ? "positive " : "")numbers"
      let values = try fields.value(key, expected) { SpecificationFields.numbers($0, positive: positive) } ?? inherited
      if values.count == channels { return values }
      guard Set(values).count == 1 else {
        throw PreprocessingSyntaxError(word: fields.word(key) ?? "channels=\(channels)", expected: expected)
      }
      return Array(repeating: values[0], count: channels)
    }
    self.init(
      grayConversion: try fields.value("gray", "refuse, equal or luminance") { GrayConversion(rawValue: $0) } ?? base.grayConversion,
      alphaRule: try fields.value("alpha", "opaque or discard") { AlphaRule(rawValue: $0) } ?? base.alphaRule,
      resize: try fields.value("resize", "none, a length, or WIDTHxHEIGHT", SpecificationFields.resize) ?? base.resize,
      filter: try fields.value("filter", "bilinear or area") { ResamplingFilter(rawValue: $0) } ?? base.filter,
      centerCrop: try fields.value("crop", "none, a length, or WIDTHxHEIGHT", SpecificationFields.crop) ?? base.centerCrop,
      scaling: try fields.value("scale", SpecificationFields.scalings, SpecificationFields.scaling) ?? base.scaling,
      channels: channels,
      mean: try perChannel("mean", base.mean, positive: false),
      standardDeviation: try perChannel("std", base.standardDeviation, positive: true))
  }

  private static let presets: [(name: String, value: Preprocessing)] = [
    ("imagenet", .imageNet()),
    ("imagenet224", .imageNetColors(crop: 224)),
    ("cifar10", .imageNetColors(crop: 32)),
    ("unit", Preprocessing()),
  ]

  private static func imageNetColors(crop: Int) -> Preprocessing {
    let base = imageNet()
    return Preprocessing(
      centerCrop: Crop(width: crop, height: crop), channels: base.channels, mean: base.mean, standardDeviation: base.standardDeviation)
  }
}

/// As one string, so that a model card is read by the same strict reader as the command line.
extension Preprocessing: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let line = try container.decode(String.self)
    do {
      try self.init(specification: line)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
