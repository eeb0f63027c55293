import Foundation
import Graphs
import Reports

/// How a step's time grows with the batch and with the image: fits, and plots of them.
struct ScalingTable {
  let threads: Int
  let isQuick: Bool
  /// Where plots go; nil draws none.
  let folder: String?

  /// One curve: seconds of a job over batch or pixels.
  struct Series: Encodable {
    struct Point: Encodable {
      let batch: Int
      let size: Int
      let seconds: Double
    }

    let network: String
    let job: String
    let over: String
    let points: [Point]
    let fit: AffineFit
  }

  func run() throws -> [Series] {
    print("\nScaling: seconds = fixed + per unit × x")
    let batches = (isQuick ? [1, 4, 16] : [1, 2, 4, 8, 16, 32, 64]).map { (batch: $0, size: 224) }
    let sizes = (isQuick ? [32, 96, 224] : [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024]).map { (batch: 4, size: $0) }
    var all: [Series] = []
    for job in [Job.inference, .bnOnly] {
      all.append(try series(job, "batch", batches) { Double($0.batch) })
      all.append(try series(job, "pixels", sizes) { Double($0.size * $0.size) })
    }
    return all
  }

  private func series(
    _ job: Job, _ over: String, _ cases: [(batch: Int, size: Int)], _ x: ((batch: Int, size: Int)) -> Double
  ) throws -> Series {
    let timer = NetworkTimer(peers: .none, threads: threads, runs: 3, leastSeconds: isQuick ? 0.05 : 0.2)
    let rows = try cases.map { try timer.measure(job, .resnet18, batch: $0.batch, size: $0.size) }
    let points = zip(cases, rows).map { (x: x($0), y: $1.seconds) }
    let fit = AffineFit(points)
    let words = String(
      format: "%@ over %@: %.2f ms + %.4g ms × %@, at most %.0f %% off", job.rawValue, over, fit.fixed * 1e3, fit.perUnit * 1e3, over,
      fit.largestDeviation * 100)
    print("resnet18 \(words)  [\(points.map { String(format: "%.0f: %.1f ms", $0.x, $0.y * 1e3) }.joined(separator: ", "))]")
    if let folder {
      let plot = FitPlot(
        title: "ResNet-18, \(job.rawValue): milliseconds over \(over)", words: words, points: points.map { ($0.x, $0.y * 1e3) },
        fixed: fit.fixed * 1e3, perUnit: fit.perUnit * 1e3, xLabel: over, yLabel: "ms")
      try plot.svg.write(toFile: "\(folder)/\(job.rawValue)-over-\(over).svg", atomically: true, encoding: .utf8)
    }
    return Series(
      network: "resnet18", job: job.rawValue, over: over,
      points: zip(cases, rows).map { Series.Point(batch: $0.batch, size: $0.size, seconds: $1.seconds) }, fit: fit)
  }
}
