import CPNGReader

/// Reads PNG files as stored samples. Every colour type, depth and interlacing; damaged files are refused, never patched.
public enum PNGReader {
  public static func decode(contentsOf path: String, limits: PNGLimits = PNGLimits()) throws(PNGError) -> DecodedImage {
    let bytes = try RegularFile.bytes(of: path, limit: limits.fileBytes)
    do throws(PNGError) {
      return try decode(bytes: bytes, limits: limits)
    } catch {
      throw PNGError(file: path, reason: error.reason)
    }
  }

  public static func decode(bytes: [UInt8], limits: PNGLimits = PNGLimits()) throws(PNGError) -> DecodedImage {
    var inflatedAtOnce = false
    return try decode(bytes: bytes, limits: limits, inflatedAtOnce: &inflatedAtOnce)
  }

  /// - Parameter inflatedAtOnce: which way the image data took: one call of libdeflate's, or libpng row by row.
  package static func decode(bytes: [UInt8], limits: PNGLimits, inflatedAtOnce: inout Bool) throws(PNGError) -> DecodedImage {
    guard !bytes.isEmpty else { throw PNGError(reason: .empty) }
    let allowed = cpng_limits(
      side: UInt32(clamping: limits.side), pixels: UInt64(limits.pixels), ancillary_bytes: UInt32(clamping: limits.ancillaryBytes),
      inflated_bytes: UInt64(limits.inflatedBytes))
    var header = cpng_header()
    var report = cpng_report()
    try check(cpng_read_header(&header, &report, bytes, bytes.count, allowed), report, header, bytes, limits)

    let count = Int(header.width) * Int(header.height) * Int(header.channels)
    var status = CPNG_OK
    let samples = [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = cpng_read_samples(buffer.baseAddress, count, &report, bytes, bytes.count, allowed)
      initialized = status == CPNG_OK ? count : 0
    }
    inflatedAtOnce = report.inflated_at_once != 0
    try check(status, report, header, bytes, limits)
    let warning = message(of: report)
    return DecodedImage(
      width: Int(header.width), height: Int(header.height), bitDepth: Int(header.bit_depth),
      color: DecodedImage.Color(rawValue: header.color_type)!, samples: samples, palette: palette(of: header),
      transparentKey: key(of: header), isInterlaced: header.interlaced != 0, warning: warning.isEmpty ? nil : warning)
  }

  private static func check(
    _ status: cpng_status, _ report: cpng_report, _ header: cpng_header, _ bytes: [UInt8], _ limits: PNGLimits
  ) throws(PNGError) {
    switch status {
    case CPNG_OK: return
    case CPNG_NOT_PNG: throw PNGError(reason: .notPNG(looksLike: FileSignature.name(of: bytes)))
    case CPNG_APPLE_CGBI: throw PNGError(reason: .appleCgBI)
    case CPNG_TOO_LARGE: throw PNGError(reason: .tooLarge(width: Int(header.width), height: Int(header.height), limits: limits))
    case CPNG_TRUNCATED: throw PNGError(reason: .truncated)
    case CPNG_OUT_OF_MEMORY: throw PNGError(reason: .outOfMemory)
    default: throw PNGError(reason: .corrupt(message(of: report)))
    }
  }

  private static func message(of report: cpng_report) -> String {
    withUnsafeBytes(of: report.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func palette(of header: cpng_header) -> [DecodedImage.PaletteEntry] {
    withUnsafeBytes(of: header.palette) { colors in
      withUnsafeBytes(of: header.alpha) { alpha in
        (0..<Int(header.palette_count)).map { index in
          DecodedImage.PaletteEntry(
            red: colors[3 * index], green: colors[3 * index + 1], blue: colors[3 * index + 2],
            alpha: index < Int(header.alpha_count) ? alpha[index] : 255)
        }
      }
    }
  }

  private static func key(of header: cpng_header) -> [UInt16]? {
    guard header.has_key != 0 else { return nil }
    let (red, green, blue) = header.key
    return header.color_type == UInt8(CPNG_GRAY) ? [red] : [red, green, blue]
  }
}
