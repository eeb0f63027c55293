import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Normalization
import RandomStreams
import Tensors

/// Layer-sequential recalibration beside the one-pass statistics of the same images, both from memory.
struct RecalibrationJob {
  let model: Model
  let images: StatisticsImages
  let threads: Int

  /// Seeded images, so that nothing is decoded.
  init(_ architecture: Architecture, count: Int, threads: Int) throws {
    model = try PhantomScans.model(architecture)
    let shape = model.card.inputShape
    let maps = FeatureMaps.joined(
      (0..<count).map { index in
        var stream = RandomStream(seed: 0, purpose: "recalibration bench", epoch: index)
        return FeatureMaps(
          Tensor(
            shape: [1, shape.channels, shape.height, shape.width], values: (0..<shape.count).map { _ in Float(stream.uniform(-1, 1)) }))
      })
    images = StatisticsImages(
      maps,
      scans: (0..<count).map {
        StatisticsImages.Scan(id: ScanID("\($0)"), patient: PatientID("\($0)"), contentHash: ContentHash(of: "\($0)"))
      })
    self.threads = threads
  }

  func seconds(_ method: Recalibration.Method) throws -> Double {
    let recalibration = Recalibration(method: method, memoryLimit: 4 << 30)
    return try ContinuousClock().measure { _ = try recalibration.run(on: model, images: images, threads: threads) } / .seconds(1)
  }
}
