import Files
import Foundation
import Testing

/// A folder of its own for each test, removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
  let folder = try UniqueRunFolder.create(in: parent, named: "scanadapt-test-\(UUID().uuidString)")
  defer { try? Folder.remove(folder) }
  return try body(folder)
}

@Suite("A file is whole or absent")
struct AtomicFileTests {
  @Test("What was written is read back, also over an older file, and nothing stays beside it")
  func roundTrip() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.bin"
      try AtomicFile.write([1, 2, 3], to: path)
      try AtomicFile.write([4], to: path, durability: .buffered)
      #expect(try FileContents.read(path) == [4])
      #expect(try Folder.names(in: folder) == ["a.bin"])
    }
  }

  @Test("A failure halfway leaves the old file and no temporary one")
  func failureLeavesTheOld() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.bin"
      try AtomicFile.write([1], to: path)
      let failure = FileError(path: path, operation: .writing, reason: .system(28))
      #expect(throws: failure) {
        try AtomicFile.write(to: path) { (file) throws(FileError) in
          try file.append([9, 9, 9])
          throw failure
        }
      }
      #expect(try FileContents.read(path) == [1])
      #expect(try Folder.names(in: folder) == ["a.bin"])
    }
  }

  @Test("A full disk is an input/output error, a missing folder one of creating, a missing file one of input")
  func consequences() throws {
    #expect(FileError(path: "x", operation: .writing, reason: .system(28)).consequence == .inputOutput)
    try withTemporaryFolder { folder in
      #expect(throws: FileError(path: folder + "/no/a", operation: .creating, reason: .system(2))) {
        try AtomicFile.write([1], to: folder + "/no/a")
      }
      let missing = #expect(throws: FileError.self) { try FileContents.read(folder + "/none") }
      #expect(missing?.consequence == .inputMissing)
      #expect(missing?.description == "\(folder)/none: cannot open: No such file or directory")
      #expect(FileError(path: "x", operation: .creating, reason: .system(2)).consequence == .cannotCreate)
    }
  }

  @Test("A folder in the file's place stays, and so does its content")
  func folderInTheWay() throws {
    try withTemporaryFolder { folder in
      try Folder.create(folder + "/a/b")
      #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder + "/a") }
      #expect(try Folder.names(in: folder) == ["a"])
      #expect(Folder.exists(folder + "/a/b"))
    }
  }

  @Test("Only regular files within the limit are read: a folder, a FIFO and a large file are refused without waiting")
  func onlyRegularFiles() throws {
    try withTemporaryFolder { folder in
      #expect(throws: FileError(path: folder, operation: .opening, reason: .notARegularFile(found: "a folder"))) {
        try FileContents.read(folder)
      }
      #expect(mkfifo(folder + "/fifo", 0o600) == 0)
      #expect(throws: FileError(path: folder + "/fifo", operation: .opening, reason: .notARegularFile(found: "a FIFO"))) {
        try FileContents.read(folder + "/fifo")
      }
      try AtomicFile.write([1, 2, 3], to: folder + "/big")
      #expect(throws: FileError(path: folder + "/big", operation: .reading, reason: .largerThan(limitBytes: 2, foundBytes: 3))) {
        try FileContents.read(folder + "/big", limitBytes: 2)
      }
    }
  }

  @Test("Writers at the same moment leave one writer's whole bytes")
  func concurrentWriters() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a"
      DispatchQueue.concurrentPerform(iterations: 16) { index in
        try? AtomicFile.write([UInt8](repeating: UInt8(index), count: 10_000), to: path, durability: .buffered)
      }
      let bytes = try FileContents.read(path)
      #expect(bytes.count == 10_000)
      #expect(Set(bytes).count == 1)
      #expect(try Folder.names(in: folder) == ["a"])
    }
  }

  @Test("SHA-256 equals the published digests, in memory and from a file")
  func hashes() throws {
    // FIPS 180-2, appendix B.1, and the digest of no bytes.
    #expect(sha256Hex(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(sha256Hex(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    try withTemporaryFolder { folder in
      try AtomicFile.write("abc", to: folder + "/abc")
      #expect(try sha256Hex(ofFileAt: folder + "/abc") == sha256Hex(of: Array("abc".utf8)))
    }
    let hash = ContentHash(of: "abc")
    #expect(ContentHash(hex: hash.hex) == hash)
    #expect(ContentHash(hex: "zz") == nil)
    #expect(try JSONDecoder().decode([ContentHash].self, from: JSONEncoder().encode([hash])) == [hash])
  }
}
