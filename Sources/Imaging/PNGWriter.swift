import CPNGReader

/// Writes gray PNGs of 8 or 16 bits; the same image gives the same bytes.
public enum PNGWriter {
  /// - Precondition: the image's depth is 8 or 16.
  public static func encode(_ image: GrayImage) -> [UInt8] {
    precondition(image.bitDepth == 8 || image.bitDepth == 16, "PNGs are written with 8 or 16 bits, not \(image.bitDepth)")
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var report = cpng_report()
    let status = cpng_write_gray(
      &bytes, &count, &report, image.samples, UInt32(image.width), UInt32(image.height), Int32(image.bitDepth))
    // Dimensions and depth are checked by GrayImage; what is left is running out of memory, which traps as for any array.
    precondition(status == CPNG_OK, "libpng cannot encode a \(image.width)x\(image.height) image")
    defer { cpng_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
