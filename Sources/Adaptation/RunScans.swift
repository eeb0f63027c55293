import Cohorts
import Engine
import Files
import Graphs
import Imaging
import Normalization
import RandomStreams
import Tensors

/// The scans of one run: read once to know which can be, kept in memory where they all fit, read again where they don't.
///
/// Either way the same bits come out. A scan that can't be read, or has another size than the network takes, is a failure here and takes
/// part in nothing.
final class RunScans: Sendable {
  let failures: [ScanFailure]
  let shape: FeatureShape
  private let loader: ScanLoader
  private let kept: [ScanID: Tensor]?
  private let hashes: [ScanID: ContentHash]

  /// - Parameter memory: bytes that kept scans may take.
  init(_ records: [ScanRecord], shape: FeatureShape, loader: ScanLoader, memory: Int) {
    let fits = records.count * shape.count * MemoryLayout<Float>.stride <= memory
    let expected = Shape([shape.channels, shape.height, shape.width])
    var kept: [ScanID: Tensor] = [:]
    var hashes: [ScanID: ContentHash] = [:]
    var failures: [ScanFailure] = []
    let batches = loader.batches(of: records, size: 1)
    for batch in batches {
      let record = batch.records[0]
      let image = batch.images.reshaped(to: Shape(Array(batch.images.shape.dimensions.dropFirst())))
      guard image.shape == expected else {
        failures.append(ScanFailure(path: record.path, reason: "is \(image.shape) after preprocessing; expected \(expected)"))
        continue
      }
      hashes[record.id] = batch.contentHashes[0]
      if fits { kept[record.id] = image }
    }
    self.failures = (failures + batches.failures).sorted { $0.path < $1.path }
    self.shape = shape
    self.loader = loader
    self.kept = fits ? kept : nil
    self.hashes = hashes
  }

  /// Those that can be read, in the order given.
  func readable(_ records: [ScanRecord]) -> [ScanRecord] { records.filter { hashes[$0.id] != nil } }

  /// Whether prepared scans are in memory.
  var areKept: Bool { kept != nil }

  /// Where a run may put what doesn't fit in memory: beside the scan cache; nil without one.
  var scratchFolder: String? { loader.cache?.folder }

  func contentHash(of record: ScanRecord) -> ContentHash? { hashes[record.id] }

  /// Runs `body` on the images of each batch, until it returns false.
  /// - Parameter batches: readable scans.
  /// - Throws: `RunScansError.vanished` where a scan can no longer be read.
  func forEachBatch(
    _ batches: [[ScanRecord]], augmentation: EpochAugmentation? = nil, _ body: (_ index: Int, FeatureMaps) throws -> Bool
  ) throws {
    guard let kept else { return try streamBatches(batches, augmentation, body) }
    for (index, batch) in batches.enumerated() {
      let images = batch.map { record -> Tensor in
        guard let augmentation else { return kept[record.id]! }
        // The loader's own stream for the scan, so that keeping scans changes no bit.
        var stream = RandomStream(
          seed: augmentation.seed, purpose: "augmentation", epoch: augmentation.epoch, content: hashes[record.id]!.bytes)
        return augmentation.augmentation.apply(to: kept[record.id]!, using: &stream)
      }
      guard try body(index, FeatureMaps(images: images)) else { return }
    }
  }

  private func streamBatches(
    _ batches: [[ScanRecord]], _ augmentation: EpochAugmentation?, _ body: (Int, FeatureMaps) throws -> Bool
  ) throws {
    // Batches may differ in size; one scan at a time keeps them apart, and the loader reads ahead all the same.
    let scans = loader.batches(of: batches.flatMap(\.self), size: 1, augmentation: augmentation)
    for (index, batch) in batches.enumerated() {
      let images = try batch.map { record in
        guard let scan = scans.next(), scan.records[0].id == record.id else { throw RunScansError.vanished(scan: record.path) }
        return scan.images.reshaped(to: Shape(Array(scan.images.shape.dimensions.dropFirst())))
      }
      guard try body(index, FeatureMaps(images: images)) else { return }
    }
  }

  /// All of some scans' images; nil for none.
  func maps(of records: [ScanRecord]) throws -> FeatureMaps? {
    guard !records.isEmpty else { return nil }
    var all: FeatureMaps?
    try forEachBatch([records]) { _, images in
      all = images
      return true
    }
    return all
  }

  /// For statistics: in content-hash order.
  func statisticsImages(of records: [ScanRecord]) -> StatisticsImages {
    let sorted = readable(records).sorted { (hashes[$0.id]!, $0.id) < (hashes[$1.id]!, $1.id) }
    return StatisticsImages(listed: sorted.count) { [self] range in
      let scans = Array(sorted[range])
      return StatisticsImages.Loaded(
        scans: scans.map { StatisticsImages.Scan(id: $0.id, patient: $0.patient, contentHash: hashes[$0.id]!) }, maps: try maps(of: scans))
    }
  }
}

/// A scan that was there when the run began and isn't now.
public enum RunScansError: Error, Hashable, Sendable, CustomStringConvertible {
  case vanished(scan: String)

  public var description: String {
    switch self {
    case .vanished(let scan): "\(scan): could be read when the run began and can't be now; expected files to stay while a run lasts"
    }
  }
}
