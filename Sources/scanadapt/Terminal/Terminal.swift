import Foundation

/// Where words go: results to stdout, everything about the way there to stderr.
enum Terminal {
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1

  static func result(_ text: String) { write(text, to: .standardOutput) }

  static func note(_ text: String) { write(text, to: .standardError) }

  private static func write(_ text: String, to handle: FileHandle) {
    // A closed pipe (`| head`) is no reason to fail.
    try? handle.write(contentsOf: Data((text + "\n").utf8))
  }
}
