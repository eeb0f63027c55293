import Cohorts
import Files
import Foundation
import Imaging
import Testing

@Suite("Prepared scans are kept on disk by content and preprocessing")
struct ScanCacheTests {
  private let small = Preprocessing(resize: .exact(width: 4, height: 4))

  private func folderOfScans(_ folder: String, _ count: Int) throws -> [ScanRecord] {
    let names = (0..<count).map { "\($0).png" }
    let rows = names.map { "\($0),p,s\n" }.joined()
    return try Manifest.load(try writeCohort(in: folder + "/scans", manifest: "path,patient,scanner\n" + rows, files: names)).records
  }

  private func withScans(_ count: Int, _ body: (_ folder: String, _ records: [ScanRecord]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try Folder.create(folder + "/scans")
      try body(folder, try folderOfScans(folder, count))
    }
  }

  @Test("The second reading comes from the cache with the same bits and notes, also in a new process's cache")
  func hits() throws {
    try withScans(5) { folder, records in
      let plain = ScanLoader(preprocessing: small).images(for: records)
      for round in 0..<3 {
        let cache = try ScanCache(folder: folder + "/cache", limitBytes: 1 << 20)
        let loaded = ScanLoader(preprocessing: small, cache: cache).images(for: records)
        #expect(loaded.tensors == plain.tensors)
        #expect(loaded.scans.map(\.contentHash) == plain.scans.map(\.contentHash))
        #expect(cache.counts.hits == (round == 0 ? 0 : 5))
        #expect(cache.counts.misses == (round == 0 ? 5 : 0))
        let other = ScanLoader(preprocessing: Preprocessing(resize: .exact(width: 4, height: 4), channels: 3), cache: cache)
        let wide = other.images(for: records)
        #expect(wide.tensors.allSatisfy { $0.shape == [3, 4, 4] })
        #expect(wide.scans.allSatisfy { $0.notes == [.grayReplicated] })
      }
    }
  }

  @Test("An entry with any byte changed, cut short or emptied is remade")
  func damage() throws {
    try withScans(1) { folder, records in
      let expected = ScanLoader(preprocessing: small).images(for: records).tensors
      _ = ScanLoader(preprocessing: small, cache: try ScanCache(folder: folder + "/cache", limitBytes: 1 << 20)).images(for: records)
      let name = try Folder.filesRecursively(below: folder + "/cache/scans")[0]
      let path = folder + "/cache/scans/" + name
      let whole = try FileContents.read(path)
      let variants =
        whole.indices.map { index in
          var changed = whole
          changed[index] ^= 0x10
          return changed
        } + [[], Array(whole.dropLast()), whole + [0]]
      let cache = try ScanCache(folder: folder + "/cache", limitBytes: 1 << 20)
      let loader = ScanLoader(preprocessing: small, cache: cache, workers: 1)
      for variant in variants {
        try AtomicFile.write(variant, to: path, durability: .buffered)
        #expect(try loader.load(records[0]).get().image == expected[0])
      }
      #expect(cache.counts.damaged == variants.count)
      #expect(try FileContents.read(path) == whole)
    }
  }

  @Test("A changed file is read anew, though its name, size and modification time are the old ones")
  func changedFile() throws {
    try withScans(1) { folder, records in
      let loader = ScanLoader(preprocessing: Preprocessing(), cache: try ScanCache(folder: folder + "/cache", limitBytes: 1 << 20))
      let first = try loader.load(records[0]).get()
      let path = records[0].absolutePath
      let dates = try FileManager.default.attributesOfItem(atPath: path)
      var image = try FileContents.read(path)
      let twin = PNGWriter.encode(
        GrayImage(width: 8, height: 8, bitDepth: 8, samples: first.image.values.map { 255 - UInt16($0 * 255 + 0.5) }))
      image = twin
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      try handle.write(contentsOf: image)
      try handle.truncate(atOffset: UInt64(image.count))
      try handle.close()
      try FileManager.default.setAttributes([.modificationDate: dates[.modificationDate]!], ofItemAtPath: path)
      let second = try loader.load(records[0]).get()
      #expect(second.contentHash != first.contentHash)
      #expect(second.image == ScanLoader(preprocessing: Preprocessing()).images(for: records).tensors[0])
    }
  }

  @Test("The cache stays within its limit and forgets what was not used for longest")
  func eviction() throws {
    try withScans(30) { folder, records in
      // An entry of 4×4 floats has 128 bytes of header and 64 of values.
      let cache = try ScanCache(folder: folder + "/cache", limitBytes: 10 * 192)
      let loader = ScanLoader(preprocessing: small, cache: cache, workers: 1)
      for record in records.prefix(9) { _ = loader.load(record) }
      usleep(20_000)
      _ = loader.load(records[0])
      usleep(20_000)
      for record in records.dropFirst(9).prefix(3) { _ = loader.load(record) }
      #expect(cache.counts.evicted == 2)
      let hits = cache.counts.hits
      _ = loader.load(records[0])
      #expect(cache.counts.hits == hits + 1)
      for record in records { _ = loader.load(record) }
      let files = try Folder.filesRecursively(below: folder + "/cache/scans")
      #expect(files.count <= 10)
      #expect(cache.counts.writeFailure == nil)
    }
  }

  @Test("A cache that cannot be written is given up with its reason, and scans are still loaded")
  func unwritable() throws {
    try withScans(2) { folder, records in
      let cache = try ScanCache(folder: folder + "/cache", limitBytes: 1 << 20)
      try Folder.remove(folder + "/cache/scans")
      try AtomicFile.write("in the way", to: folder + "/cache/scans")
      let loaded = ScanLoader(preprocessing: small, cache: cache).images(for: records)
      #expect(loaded.scans.count == 2)
      #expect(cache.counts.writeFailure != nil)
    }
  }

  @Test("Nothing in the cache names a scan or its folder")
  func noNames() throws {
    try withScans(2) { folder, records in
      _ = ScanLoader(preprocessing: small, cache: try ScanCache(folder: folder + "/cache", limitBytes: 1 << 20)).images(for: records)
      for name in try Folder.filesRecursively(below: folder + "/cache") {
        let text = String(decoding: try FileContents.read(folder + "/cache/" + name), as: UTF8.self)
        #expect(!text.contains("scans/") && !text.contains(".png"))
      }
    }
  }
}
