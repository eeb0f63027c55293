/// Recognizes, by first bytes, the formats that most often hide behind a `.png` name.
enum FileSignature {
  static func name(of bytes: some Collection<UInt8>) -> String? {
    let start = Array(bytes.prefix(132))
    return known.first { start.count >= $0.offset + $0.bytes.count && start[$0.offset...].starts(with: $0.bytes) }?.name
  }

  private static let known: [(offset: Int, bytes: [UInt8], name: String)] = [
    (0, [0xFF, 0xD8, 0xFF], "a JPEG"),
    (0, Array("GIF8".utf8), "a GIF"),
    (0, Array("BM".utf8), "a BMP"),
    (0, [0x49, 0x49, 0x2A, 0x00], "a TIFF"),
    (0, [0x4D, 0x4D, 0x00, 0x2A], "a TIFF"),
    (8, Array("WEBP".utf8), "a WebP"),
    (128, Array("DICM".utf8), "a DICOM file"),
    (0, [0x8A, 0x4D, 0x4E, 0x47], "an MNG"),
    (0, [0x8B, 0x4A, 0x4E, 0x47], "a JNG"),
    (0, Array("PK\u{3}\u{4}".utf8), "a ZIP archive"),
    (0, [0x1F, 0x8B], "a gzip file"),
    (0, Array("%PDF".utf8), "a PDF"),
  ]
}
