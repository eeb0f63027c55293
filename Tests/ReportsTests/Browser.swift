import Foundation

/// A real browser without a window, where one is installed (Debian's `chromium`).
struct Browser {
  /// What a browser did with a page.
  struct Visit {
    /// The document after loading, as the browser understood it.
    let document: String
    /// Warnings and errors on the console, blocked requests among them.
    let console: [String]
    /// URLs that the page, not the browser itself, asked for beside its own.
    let requests: [String]
    /// Of the picture taken, in bytes: a blank page's is a few thousand.
    let pictureSize: Int
  }

  private static let path = "/usr/bin/chromium"

  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

  static func visit(_ html: String) throws -> Visit {
    let folder = FileManager.default.temporaryDirectory.appending(path: "browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = folder.appending(path: "report.html")
    let log = folder.appending(path: "network.json")
    let picture = folder.appending(path: "picture.png")
    try html.write(to: page, atomically: true, encoding: .utf8)
    let common = [
      "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--user-data-dir=\(folder.appending(path: "profile").path)",
      "--enable-logging=stderr", "--window-size=1100,2600",
    ]
    let shown = try run(common + ["--log-net-log=\(log.path)", "--screenshot=\(picture.path)", page.absoluteString])
    let dumped = try run(common + ["--dump-dom", page.absoluteString])
    return Visit(
      document: dumped.output, console: shown.errors.split(separator: "\n").filter { $0.contains(":CONSOLE") }.map(String.init),
      requests: try requests(in: log), pictureSize: try Data(contentsOf: picture).count)
  }

  private struct NetworkLog: Decodable {
    struct Event: Decodable {
      struct Parameters: Decodable {
        let initiator: String?
        let url: String?
      }

      let params: Parameters?
    }

    let events: [Event]
  }

  /// The browser's own requests (updates, time) have "not an origin" for an initiator.
  private static func requests(in log: URL) throws -> [String] {
    try JSONDecoder().decode(NetworkLog.self, from: Data(contentsOf: log)).events.compactMap { event in
      guard let parameters = event.params, let initiator = parameters.initiator, initiator != "not an origin" else { return nil }
      return parameters.url
    }
  }

  private static func run(_ arguments: [String]) throws -> (output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Both are read at once, else a full pipe would stop the browser.
    let written = Mailbox()
    let reader = Thread {
      written.data = errors.fileHandleForReading.readDataToEndOfFile()
      written.isFilled.signal()
    }
    reader.start()
    let document = output.fileHandleForReading.readDataToEndOfFile()
    written.isFilled.wait()
    process.waitUntilExit()
    return (String(decoding: document, as: UTF8.self), String(decoding: written.data, as: UTF8.self))
  }

  private final class Mailbox: @unchecked Sendable {
    var data = Data()
    let isFilled = DispatchSemaphore(value: 0)
  }
}
