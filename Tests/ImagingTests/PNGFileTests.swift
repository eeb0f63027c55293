import Foundation
import Imaging
import Testing

@Suite("Files that are not PNG images")
struct PNGFileTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "imaging-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func reason(_ path: String, _ limits: PNGLimits = PNGLimits()) -> PNGError.Reason? {
    do {
      _ = try PNGReader.decode(contentsOf: path, limits: limits)
      return nil
    } catch {
      #expect(error.file == path && error.description.hasPrefix("\(path): ") && !error.description.contains("\n"))
      return error.reason
    }
  }

  @Test("Missing, empty, directory, FIFO, device, disguised and oversized files each have their error")
  func notImages() throws {
    try withFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: folder.appending(path: name)) }
      #expect(reason(path("none.png")) == .missing)
      try write("empty.png", [])
      #expect(reason(path("empty.png")) == .empty)
      #expect(reason(folder.path) == .notAFile(kind: "directory"))
      #expect(mkfifo(path("fifo.png"), 0o600) == 0)
      #expect(reason(path("fifo.png")) == .notAFile(kind: "FIFO"))
      #expect(reason("/dev/null") == .notAFile(kind: "device"))
      try write("photo.png", [0xFF, 0xD8, 0xFF, 0xE0] + Array(repeating: 0, count: 200))
      #expect(reason(path("photo.png")) == .notPNG(looksLike: "a JPEG"))
      try write("dicom.png", Array(repeating: 0, count: 128) + Array("DICM".utf8))
      #expect(reason(path("dicom.png")) == .notPNG(looksLike: "a DICOM file"))
      try write("text.png", Array("hello".utf8))
      #expect(reason(path("text.png")) == .notPNG(looksLike: nil))
      try write("apple.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 4] + Array("CgBI".utf8) + [0x50, 0, 0x20, 2])
      #expect(reason(path("apple.png")) == .appleCgBI)
      #expect(reason(path("dicom.png"), PNGLimits(fileBytes: 100)) == .fileTooLarge(bytes: 132, limit: 100))
      let png = PNGWriter.encode(GrayImage(width: 2, height: 2, bitDepth: 8, samples: [1, 2, 3, 4]))
      try write("good.png", png)
      try FileManager.default.createSymbolicLink(atPath: path("link.png"), withDestinationPath: path("good.png"))
      #expect(reason(path("link.png")) == nil)
      try write("cut.png", png.dropLast(5))
      #expect(reason(path("cut.png")) == .truncated)
    }
  }
}
