import Files
import Imaging

/// What an audit keeps of one decoded scan: facts and signatures, no pixels.
struct ScanExamination: Sendable {
  /// Of the decoded samples: equal for the same pixels, however the file was written.
  let pixels: ContentHash
  let survey: SampleSurvey
  /// 8×8 ranks: which parts are bright.
  let layout: [Float]
  /// nil where the scan is too small, or blank.
  let signature: ScanSignature?
  /// libpng's warning about a file it could read.
  let warning: String?
  /// Why the model's preprocessing refuses it.
  let refusal: PixelError?
  /// The share of the model's input range that the samples use, and of samples beyond it; nil without a model.
  let modelRange: ModelRange?

  struct ModelRange: Hashable, Sendable {
    let used: Double
    let outside: Double
  }

  /// Below this, scans of one kind look alike: 28-pixel digits of different hands match as well as one scan does with itself resized.
  static let smallestSide = 48

  static func examine(_ record: ScanRecord, limits: PNGLimits, for preprocessing: Preprocessing?) -> Result<ScanExamination, ScanFailure> {
    do {
      let bytes = try FileContents.read(record.absolutePath, limitBytes: limits.fileBytes)
      return .success(try ScanExamination(PNGReader.decode(bytes: bytes, limits: limits), for: preprocessing))
    } catch {
      return .failure(ScanFailure(path: record.path, reason: ScanLoader.reason(error), scanner: record.scanner))
    }
  }

  init(_ image: DecodedImage, for preprocessing: Preprocessing? = nil) throws(PixelError) {
    let gray = try image.gray(.luminance, alpha: .discard)
    pixels = ContentHash(of: image.comparableBytes())
    survey = SampleSurvey(image, gray: gray)
    warning = image.warning
    let thumbnail = RankThumbnail(gray, side: ScanSignature.side)
    layout = thumbnail.reduced(by: 4)
    signature = min(image.width, image.height) >= Self.smallestSide && !survey.isBlank ? ScanSignature(thumbnail) : nil
    guard let preprocessing else {
      (refusal, modelRange) = (nil, nil)
      return
    }
    do throws(PixelError) {
      _ = try preprocessing.apply(to: image)
      refusal = nil
    } catch {
      refusal = error
    }
    modelRange = ModelRange(gray, preprocessing.scaling)
  }
}

extension SampleSurvey {
  /// Nothing to see: one value, or one of 4096 steps for 999 pixels of 1000.
  var isBlank: Bool { isConstant || shareOfCommonest >= 0.999 }

  /// Such as `8-bit gray`.
  var format: String {
    let name =
      switch color {
      case .gray: "gray"
      case .rgb: "color"
      case .palette: "palette"
      case .grayAlpha: "gray with alpha"
      case .rgbAlpha: "color with alpha"
      }
    return "\(bitDepth)-bit \(name)"
  }
}

extension ScanExamination.ModelRange {
  /// nil where the scaling is the scan's own (z-score, percentiles) and any range will do.
  init?(_ gray: GrayImage, _ scaling: IntensityScaling) {
    let (low, high): (Double, Double)
    switch scaling {
    case .unitRange: (low, high) = (0, Double(gray.fullScale))
    case .window(let lower, let upper): (low, high) = (lower, upper)
    case .zScore, .percentileWindow: return nil
    }
    let values = gray.samples
    let least = Double(values.min() ?? 0)
    let most = Double(values.max() ?? 0)
    used = max(0, min(most, high) - max(least, low)) / (high - low)
    outside = Double(values.count { Double($0) < low || Double($0) > high }) / Double(values.count)
  }
}
