import Files
import Foundation
import Synchronization
import Testing

@Suite("Folders are replaced, locked and made without a race")
struct FolderTests {
  @Test("64 simultaneous starts make 64 folders")
  func simultaneousStarts() throws {
    try withTemporaryFolder { parent in
      let made = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 64) { _ in
        if let path = try? UniqueRunFolder.create(in: parent + "/runs", named: "run") { made.withLock { $0.append(path) } }
      }
      let paths = made.withLock { $0 }
      #expect(paths.count == 64)
      #expect(Set(paths).count == 64)
      let names = try Folder.names(in: parent + "/runs")
      #expect(names.count == 64)
    }
  }

  @Test("A replaced folder is the new one whole; a failure leaves the old one and nothing beside it")
  func replacement() throws {
    try withTemporaryFolder { parent in
      let target = parent + "/pack"
      for round in ["first", "second"] {
        try FolderReplacement.replace(target) { try AtomicFile.write(round, to: $0 + "/\(round).txt") }
        #expect(try Folder.names(in: target) == ["\(round).txt"])
        #expect(try Folder.names(in: parent) == ["pack"])
      }
      struct Stop: Error {}
      #expect(throws: Stop.self) {
        try FolderReplacement.replace(target) { (staging) throws in
          try AtomicFile.write("half", to: staging + "/half.txt")
          throw Stop()
        }
      }
      #expect(try Folder.names(in: target) == ["second.txt"])
      #expect(try Folder.names(in: parent) == ["pack"])
    }
  }

  @Test("Several files change together, and a bad name among them changes none")
  func severalFiles() throws {
    try withTemporaryFolder { folder in
      try FolderReplacement.replaceFiles(in: folder, [("a", [1]), ("b", [2])])
      #expect(throws: FileError.self) { try FolderReplacement.replaceFiles(in: folder, [("a", [9]), ("../b", [9])]) }
      #expect(try FileContents.read(folder + "/a") == [1])
      #expect(try Folder.names(in: folder) == ["a", "b"])
    }
  }

  @Test("The second holder is told who the first is, and gets the lock when the first lets go")
  func locking() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/lock"
      try withFileLock(path, since: "2026-01-01T00:00:00Z") {
        let error = #expect(throws: FileLockError.self) { _ = try FileLock(path, since: "later") }
        guard case .held(_, let holder?) = error else {
          Issue.record("no holder in \(String(describing: error))")
          return
        }
        #expect(holder.process == ProcessInfo.processInfo.processIdentifier)
        #expect(holder.since == "2026-01-01T00:00:00Z")
      }
      _ = try FileLock(path, since: "later")
    }
  }

  @Test("Removal takes a link away and leaves what it points at; listing doesn't follow it")
  func linksAreNotFollowed() throws {
    try withTemporaryFolder { folder in
      try Folder.create(folder + "/kept")
      try AtomicFile.write("x", to: folder + "/kept/file")
      try Folder.create(folder + "/gone")
      #expect(symlink(folder + "/kept", folder + "/gone/link") == 0)
      #expect(try Folder.filesRecursively(below: folder + "/gone") == [])
      try Folder.remove(folder + "/gone")
      #expect(try Folder.filesRecursively(below: folder) == ["kept/file"])
    }
  }
}
