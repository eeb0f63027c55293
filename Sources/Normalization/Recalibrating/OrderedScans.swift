import Cohorts
import Engine
import Files
import Graphs
import Tensors

/// Scans on their way through a network, in content-hash order, with a note of those that can't be had.
final class OrderedScans {
  private let scans: [(record: ScanRecord, contentHash: ContentHash)]
  private let source: ScanImages
  private let shape: FeatureShape
  private var failed: [ScanID: ScanFailure] = [:]

  /// - Parameter shape: what the network reads; a scan that comes out otherwise is a failure.
  init(_ records: [ScanRecord], images: ScanImages, shape: FeatureShape) {
    source = images
    self.shape = shape
    var hashed: [(record: ScanRecord, contentHash: ContentHash)] = []
    for (record, hash) in zip(records, images.contentHashes(records)) {
      if let hash {
        hashed.append((record, hash))
      } else {
        failed[record.id] = ScanFailure(path: record.path, reason: "the file can't be read")
      }
    }
    scans = hashed.sorted { ($0.contentHash, $0.record.id) < ($1.contentHash, $1.record.id) }
  }

  /// Sorted by path.
  var failures: [ScanFailure] { failed.values.sorted { $0.path < $1.path } }

  var images: StatisticsImages { StatisticsImages(listed: scans.count, load: load) }

  func load(_ range: Range<Int>) throws -> StatisticsImages.Loaded {
    let asked = scans[range]
    let batch = try source.load(asked.map(\.record))
    for record in asked.map(\.record) where !batch.records.contains(where: { $0.id == record.id }) {
      failed[record.id] =
        batch.failures.first { $0.path == record.path } ?? ScanFailure(path: record.path, reason: "the file can't be read")
    }
    let expected: Shape = [shape.channels, shape.height, shape.width]
    var images: [ScanID: Tensor] = [:]
    for (record, image) in zip(batch.records, batch.images) {
      if image.shape == expected {
        images[record.id] = image
      } else {
        failed[record.id] = ScanFailure(path: record.path, reason: "found an image of \(image.shape); expected \(expected)")
      }
    }
    let usable = asked.filter { images[$0.record.id] != nil }
    let values = usable.map { images[$0.record.id]! }
    let stacked = Tensor(shape: [values.count, shape.channels, shape.height, shape.width]) { target in
      for (index, image) in values.enumerated() {
        image.withUnsafeBuffer { _ = target[(index * shape.count)...].update(fromContentsOf: $0) }
      }
    }
    return StatisticsImages.Loaded(
      scans: usable.map { StatisticsImages.Scan(id: $0.record.id, patient: $0.record.patient, contentHash: $0.contentHash) },
      maps: usable.isEmpty ? nil : FeatureMaps(stacked))
  }
}
