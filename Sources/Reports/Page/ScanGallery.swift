import Experiments
import Foundation

/// Sample scans as the page shows them: pictures inside the page, as many as keep it small.
struct ScanGallery {
  struct Picture {
    let uri: String
    let width: Int
    let height: Int
    let words: String
  }

  /// Bytes of pictures; a page without them stays well under the rest of 2 MB.
  static let byteLimit = 1_200_000

  let heading = "Sample scans"
  let note: String
  let pictures: [Picture]

  init?(_ samples: SampleScans?) {
    guard let samples, !samples.scans.isEmpty else { return nil }
    var pictures: [Picture] = []
    var bytes = 0
    for scan in samples.scans {
      let uri = "data:image/png;base64," + Data(scan.picture).base64EncodedString()
      bytes += uri.utf8.count
      guard bytes <= Self.byteLimit else { break }
      let answer = scan.isRight ? "right" : "wrong: taken for \(scan.answer.visible(limit: 40))"
      pictures.append(
        Picture(
          uri: uri, width: scan.width, height: scan.height,
          words:
            "\(scan.label.visible(limit: 40)), \(answer) (\(Figures.score(scan.probability))); scanner \(scan.scanner.visible(limit: 40)), "
            + scan.name.visible(limit: 40)))
    }
    self.pictures = pictures
    note =
      "Held-out scans with the answers of \(samples.strategy.visible(limit: 60)), of every scanner and class as many right as wrong, as far as "
      + "there are some; chosen by chance, so these aren't shares. Scans are personal data: this page must not go where they may not."
      + (pictures.count < samples.scans.count ? " \(samples.scans.count - pictures.count) more would have made the page too large." : "")
  }
}
