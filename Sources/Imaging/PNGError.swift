/// Why a file is not an image we read: which file, and what was found.
public struct PNGError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case missing
    case empty
    /// A directory, a FIFO, a device or a socket.
    case notAFile(kind: String)
    case unreadable(systemError: String)
    case fileTooLarge(bytes: Int, limit: Int)
    /// The signature isn't PNG's; `looksLike` names a format recognized by its first bytes.
    case notPNG(looksLike: String?)
    case appleCgBI
    case tooLarge(width: Int, height: Int, limits: PNGLimits)
    case truncated
    /// libpng's own sentence.
    case corrupt(String)
    case outOfMemory
  }

  /// The path as given; nil when the bytes came from memory.
  public var file: String?
  public let reason: Reason

  public init(file: String? = nil, reason: Reason) {
    self.file = file
    self.reason = reason
  }

  public var description: String { (file.map { "\($0): " } ?? "") + sentence }

  private var sentence: String {
    switch reason {
    case .missing: "there is no such file; expected a PNG"
    case .empty: "the file is empty; expected a PNG"
    case .notAFile(let kind): "this is a \(kind); expected a PNG file"
    case .unreadable(let systemError): "cannot be read (\(systemError)); expected a readable PNG file"
    case .fileTooLarge(let bytes, let limit): "the file has \(bytes) bytes; at most \(limit) are read"
    case .notPNG(let looksLike?): "this is \(looksLike); expected a PNG (convert the file; renaming it does not)"
    case .notPNG(nil): "the first bytes are not PNG's; expected a PNG"
    case .appleCgBI: "this is Apple's CgBI variant of PNG; expected a standard PNG (convert with `pngcrush -revert-iphone-optimizations`)"
    case .tooLarge(let width, let height, let limits):
      "the image is \(width)x\(height) pixels; at most \(limits.side) a side and \(limits.pixels) in all are read"
    case .truncated: "the file ends in the middle of the image; expected a whole PNG"
    case .corrupt(let message): "the PNG is damaged (\(message)); expected a whole PNG"
    case .outOfMemory: "there is not enough memory to decode the image"
    }
  }
}
