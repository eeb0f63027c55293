import Files
import Imaging
import RandomStreams
import Tensors

/// What is changed at random in each scan, and for which pass: the numbers depend on seed, epoch and the scan's content only.
public struct EpochAugmentation: Hashable, Sendable {
  public let augmentation: Augmentation
  public let seed: UInt64
  public let epoch: Int

  public init(_ augmentation: Augmentation, seed: UInt64, epoch: Int) {
    self.augmentation = augmentation
    self.seed = seed
    self.epoch = epoch
  }
}

/// Scans stacked for a network.
public struct ScanBatch: Sendable {
  /// The batch's number in its epoch, from 0; numbers go on where a batch had no scan that could be loaded.
  public let index: Int
  public let records: [ScanRecord]
  /// `[N, C, H, W]`.
  public let images: Tensor
  public let contentHashes: [ContentHash]
  public let notes: Set<PixelNote>
}

/// Batches made ahead of their consumer, in a fixed order. A single pass: ask the loader again for the next.
///
/// A scan that can't be loaded, or has another size than the first of its batch, is left out of its batch and listed in `failures`.
public final class ScanBatches: Sequence, IteratorProtocol {
  /// Of the batches consumed so far.
  public private(set) var failures: [ScanFailure] = []
  /// Batches in the whole epoch.
  public let count: Int
  private let plan: [[ScanRecord]]
  private let scans: Prefetching<ScanRecord, Result<LoadedScan, ScanFailure>>
  private let cache: ScanCache?
  private var index: Int

  init(_ plan: [[ScanRecord]], startingAt start: Int, _ loader: ScanLoader, _ augmentation: EpochAugmentation?) {
    self.plan = plan
    count = plan.count
    index = start
    cache = loader.cache
    scans = loader.prefetched(Array(plan.dropFirst(start).joined())) { record in
      let result = loader.load(record)
      guard let augmentation else { return result }
      return result.map { scan in
        var stream = RandomStream(
          seed: augmentation.seed, purpose: "augmentation", epoch: augmentation.epoch, content: scan.contentHash.bytes)
        return LoadedScan(
          record: record, image: augmentation.augmentation.apply(to: scan.image, using: &stream), contentHash: scan.contentHash,
          notes: scan.notes)
      }
    }
  }

  deinit { try? cache?.stamps.save() }

  public func next() -> ScanBatch? {
    while index < plan.count {
      defer { index += 1 }
      if let batch = batch(of: plan[index].count) { return batch }
    }
    return nil
  }

  private func batch(of size: Int) -> ScanBatch? {
    var loaded: [LoadedScan] = []
    loaded.reserveCapacity(size)
    for _ in 0..<size {
      switch scans.next() {
      case .success(let scan)?:
        if let first = loaded.first, first.image.shape != scan.image.shape {
          let reason = "is \(scan.image.shape) after preprocessing; expected \(first.image.shape), as its batch has"
          failures.append(ScanFailure(path: scan.record.path, reason: reason))
        } else {
          loaded.append(scan)
        }
      case .failure(let failure)?: failures.append(failure)
      case nil: break
      }
    }
    guard let first = loaded.first else { return nil }
    let images = Tensor(shape: Shape([loaded.count] + first.image.shape.dimensions)) { all in
      for (position, scan) in loaded.enumerated() {
        scan.image.withUnsafeBuffer { all.baseAddress!.advanced(by: position * $0.count).update(from: $0.baseAddress!, count: $0.count) }
      }
    }
    return ScanBatch(
      index: index, records: loaded.map(\.record), images: images, contentHashes: loaded.map(\.contentHash),
      notes: loaded.reduce(into: []) { $0.formUnion($1.notes) })
  }
}

extension ScanLoader {
  /// - Parameter start: the batch to begin with, for a run that resumes within an epoch.
  public func batches(
    of records: [ScanRecord], size: Int, order: BatchOrder = .asGiven, augmentation: EpochAugmentation? = nil, startingAt start: Int = 0
  ) -> ScanBatches {
    ScanBatches(order.batches(of: records, size: size), startingAt: start, self, augmentation)
  }
}
