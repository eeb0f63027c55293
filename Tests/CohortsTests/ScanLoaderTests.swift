import Cohorts
import Files
import Imaging
import Testing

@Suite("Scans are loaded ahead, in order, and none is dropped in silence")
struct ScanLoaderTests {
  private func withRecords(_ count: Int, spoiled: [Int: [UInt8]] = [:], _ body: ([ScanRecord]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let names = (0..<count).map { "\($0).png" }
      let rows = (0..<count).map { "\($0).png,p\($0 / 2),s\($0 % 3)\n" }.joined()
      let path = try writeCohort(in: folder, manifest: "path,patient,scanner\n" + rows, files: names)
      for (index, bytes) in spoiled.sorted(by: { $0.key < $1.key }) { try AtomicFile.write(bytes, to: folder + "/\(index).png") }
      try body(try Manifest.load(path).records)
    }
  }

  @Test("Any number of workers and any memory gives the same scans in the same order")
  func order() throws {
    try withRecords(40) { records in
      let expected = ScanLoader(preprocessing: Preprocessing(), workers: 1).images(for: records)
      #expect(expected.scans.map(\.record) == records)
      for (workers, memory) in [(1, 1), (2, 1 << 20), (4, 1), (7, 1 << 10)] {
        let loaded = ScanLoader(preprocessing: Preprocessing(), workers: workers, memoryLimit: memory).images(for: records)
        #expect(loaded.tensors == expected.tensors)
        #expect(loaded.scans.map(\.record) == records)
      }
      // 8-bit samples over 255, from the formula that made the file.
      let formula: [Float] = (0..<64).map { (index: Int) -> Float in Float((index * 7 + 93) % 256) / 255 }
      #expect(expected.tensors[3].values == formula)
      #expect(expected.scans[3].contentHash == ContentHash(of: png(3)))
    }
  }

  @Test("Damaged, empty and misnamed files are listed with their reason; the others are there")
  func failures() throws {
    let spoiled: [Int: [UInt8]] = [1: [], 3: Array(png(1).dropLast(20)), 5: [0xFF, 0xD8, 0xFF, 0xE0, 0, 16]]
    try withRecords(8, spoiled: spoiled) { records in
      let loader = ScanLoader(preprocessing: Preprocessing())
      let loaded = loader.images(for: records)
      #expect(loaded.scans.map(\.record.path) == ["0.png", "2.png", "4.png", "6.png", "7.png"])
      #expect(loaded.failures.map(\.path) == ["1.png", "3.png", "5.png"])
      #expect(loaded.failures[2].reason.contains("JPEG"))
      try FileUse.remove(records[0].absolutePath)
      let batches = loader.batches(of: records, size: 2)
      let sizes = batches.map { $0.records.count }
      #expect(sizes == [1, 1, 2])
      #expect(batches.failures.map(\.path) == ["0.png", "1.png", "3.png", "5.png"])
      #expect(batches.failures[0].description == "0.png: cannot open: No such file or directory")
      #expect(loader.contentHashes(of: records).map { $0 == nil } == [true] + [Bool](repeating: false, count: 7))
    }
  }

  @Test("A scan of another size than its batch is listed, not stacked")
  func sizes() throws {
    try withRecords(4, spoiled: [2: png(2, width: 9)]) { records in
      let batches = ScanLoader(preprocessing: Preprocessing()).batches(of: records, size: 4)
      #expect(batches.map { $0.images.shape } == [[3, 1, 8, 8]])
      #expect(batches.failures.map(\.path) == ["2.png"])
      #expect(batches.failures.allSatisfy { !$0.reason.contains(".png") }, "a reason names no other scan")
    }
  }

  @Test("A batch holds its scans one after another; an order given by seed and epoch is the same for shuffled rows")
  func batches() throws {
    try withRecords(11) { records in
      let loader = ScanLoader(preprocessing: Preprocessing())
      let images = loader.images(for: records).tensors
      let batches = Array(loader.batches(of: records, size: 4))
      #expect(batches.map { $0.records.count } == [4, 4, 3])
      #expect(batches[2].images.items(1..<2).values == images[9].values)

      let shuffled = BatchOrder.shuffled(seed: 1, epoch: 0)
      #expect(shuffled.batches(of: records, size: 4) == shuffled.batches(of: records.reversed(), size: 4))
      #expect(shuffled.batches(of: records, size: 4) != BatchOrder.shuffled(seed: 1, epoch: 1).batches(of: records, size: 4))
      #expect(Set(shuffled.batches(of: records, size: 4).joined()) == Set(records))

      // Resuming at batch 1 gives the rest of the epoch.
      let whole = loader.batches(of: records, size: 4, order: shuffled).map { ($0.index, $0.images) }
      let rest = loader.batches(of: records, size: 4, order: shuffled, startingAt: 1).map { ($0.index, $0.images) }
      #expect(rest.map(\.0) == [1, 2])
      #expect(rest.map(\.1) == whole.dropFirst().map(\.1))

      let pure = BatchOrder.oneScannerPerBatch(seed: 1, epoch: 0).batches(of: records, size: 3)
      #expect(pure.allSatisfy { Set($0.map(\.scanner)).count == 1 })
      #expect(Set(pure.joined()) == Set(records))
    }
  }

  @Test("Augmentation depends on seed, epoch and content, not on workers or on the batch")
  func augmentation() throws {
    try withRecords(6) { records in
      let strong = Augmentation(horizontalFlip: true, rotationDegrees: 20, intensityGain: 0.2)
      func pass(_ epoch: Int, size: Int, workers: Int) -> [Float] {
        let loader = ScanLoader(preprocessing: Preprocessing(), workers: workers)
        return loader.batches(of: records, size: size, augmentation: EpochAugmentation(strong, seed: 3, epoch: epoch))
          .flatMap { $0.images.values }
      }
      #expect(pass(0, size: 2, workers: 1) == pass(0, size: 3, workers: 3))
      #expect(pass(0, size: 2, workers: 1) != pass(1, size: 2, workers: 1))
    }
  }

  @Test("A consumer that stops early stops the workers")
  func stopping() throws {
    try withRecords(30) { records in
      for _ in 0..<50 { _ = ScanLoader(preprocessing: Preprocessing(), workers: 3, memoryLimit: 1).batches(of: records, size: 2).next() }
    }
  }

  @Test("The cache's check is XXH64: the published values")
  func checksum() {
    // xxHash's specification: of no bytes with seed 0; and Python's xxhash for the two others.
    #expect(xxh64("") == 0xEF46_DB37_51D8_E999)
    #expect(xxh64("abc") == 0x44BC_2CF5_AD77_0999)
    #expect(xxh64("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
  }

  private func xxh64(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes(Checksum.xxh64) }
}
