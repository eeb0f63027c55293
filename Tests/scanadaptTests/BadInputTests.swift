import Foundation
import Testing

@Suite("Bad input gets one clear sentence and the right exit code")
struct BadInputTests {
  private static let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path
  private static let fresh = ["--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48"]

  private func adapt(_ scans: String, in folder: URL, out: String = "run", _ more: [String] = []) throws -> CommandRun {
    try CommandRun(
      ["adapt"] + Self.fresh + ["--scans", scans, "--strategy", "full", "--epochs", "1", "--out", out, "--cache", "none", "--quiet"]
        + more,
      in: folder)
  }

  @Test("A weight file that isn't there: 66")
  func missingModel() throws {
    try withScratchFolder { folder in
      let run = try CommandRun(["inspect", "nowhere.pth"], in: folder)
      #expect(run.status == 66)
      #expect(run.errors.contains("nowhere.pth") && run.output.isEmpty)
    }
  }

  @Test("An unknown option: 64")
  func usage() throws {
    try withScratchFolder { folder in
      let run = try CommandRun(["adapt", "--no-such-option"], in: folder)
      #expect(run.status == 64)
    }
  }

  @Test("A missing patient: 65, with file and line, and no run folder is left")
  func missingPatient() throws {
    try withScratchFolder { folder in
      let manifest = folder.appending(path: "scans.csv")
      try "path,patient,scanner,label\nalpha/alpha-001_1.png,,alpha,benign\n".write(to: manifest, atomically: true, encoding: .utf8)
      let run = try adapt(manifest.path, in: folder, ["--root", Self.fixture])
      #expect(run.status == 65)
      #expect(run.errors.contains("scans.csv:2:") && run.errors.contains("patient"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "run").path))
    }
  }

  @Test("A path that leaves the root: 65")
  func escape() throws {
    try withScratchFolder { folder in
      let manifest = folder.appending(path: "scans.csv")
      try "path,patient,scanner,label\n../../etc/passwd,p1,alpha,benign\n".write(to: manifest, atomically: true, encoding: .utf8)
      let run = try adapt(manifest.path, in: folder)
      #expect(run.status == 65 && run.errors.contains("scans.csv:2:"))
    }
  }

  @Test("A weight file without a card: the sentence says which options are needed")
  func noCard() throws {
    try withScratchFolder { folder in
      let made = try adapt(Self.fixture, in: folder)
      #expect(made.status == 0, "\(made.errors)")
      let whole = try Data(contentsOf: folder.appending(path: "run/model.safetensors"))
      let bare = try SafetensorsBytes.withoutMetadata(whole)
      try bare.write(to: folder.appending(path: "bare.safetensors"))
      let run = try CommandRun(["inspect", "bare.safetensors"], in: folder)
      #expect(run.status == 65)
      #expect(run.errors.contains("--labels") && run.errors.contains("--preprocess"))
    }
  }

  @Test("A scan that can't be read is listed, and the exit code is 3")
  func damagedScan() throws {
    try withScratchFolder { folder in
      let cohort = folder.appending(path: "cohort")
      try FileManager.default.copyItem(atPath: Self.fixture, toPath: cohort.path)
      try Data("not a PNG".utf8).write(to: cohort.appending(path: "alpha/alpha-001_1.png"))
      requireStatus(0, try adapt(Self.fixture, in: folder))
      let run = try CommandRun(["predict", "--model", "run/model.safetensors", "--scans", "cohort", "--out", "answers.csv"], in: folder)
      #expect(run.status == 3)
      #expect(run.errors.contains("alpha/alpha-001_1.png"))
      let answers = try String(contentsOf: folder.appending(path: "answers.csv"), encoding: .utf8)
      #expect(!answers.contains("alpha-001_1.png") && answers.contains("alpha-001_2.png"))
      requireStatus(3, try adapt(cohort.path, in: folder, out: "second"))
    }
  }

  @Test(
    "A number out of its range is refused before anything is read: 64",
    arguments: [
      ["diagnose", "--draws", "0"], ["adapt", "--folds", "1"], ["adapt", "--patience", "0"], ["adapt", "--prior", "nan"],
      ["adapt", "--prior", "inf"], ["adapt", "--augment", "rotate=inf"], ["adapt", "--classes", "a,b"],
      ["adapt", "--ungated", "--accept-unverified"], ["adapt", "--ungated", "--folds", "3"], ["adapt", "--ungated", "--margin", "0.1"],
      ["adapt", "--folds", "3", "--strategy", "linear-probe", "--head", "new"],
      ["adapt", "--accept-unverified", "--strategy", "linear-probe", "--head", "extend"], ["adapt", "--margin", "1"],
      ["evaluate", "--seeds", "0"],
      ["evaluate", "--split-date", "1.2.2024"],
      ["evaluate", "--inner-folds", "1"], ["evaluate", "--learning-rates", "0.1"], ["evaluate", "--threshold", "youden"],
      ["evaluate", "--folds", "3", "--leave-site-out"], ["evaluate", "--splits", "a", "--split-column"],
      ["evaluate", "--folds", "1"], ["evaluate", "--repeats", "0"], ["evaluate", "--margin=-0.1"], ["evaluate", "--margin", "nan"],
      ["evaluate", "--training-score-scans=-1"],
    ])
  func numbers(words: [String]) throws {
    try withScratchFolder { folder in
      let common = ["--model", "nowhere.safetensors", "--scans", Self.fixture, "--out", "run"]
      let run = try CommandRun([words[0]] + common + words.dropFirst(), in: folder)
      requireStatus(64, run)
      #expect(run.errors.contains(words[1].prefix { $0 != "=" }))
    }
  }

  @Test("A key file that isn't there: 66; the run's folder may be written with a slash, and may be there and empty")
  func folders() throws {
    try withScratchFolder { folder in
      try FileManager.default.createDirectory(at: folder.appending(path: "empty"), withIntermediateDirectories: false)
      requireStatus(66, try adapt(Self.fixture, in: folder, out: "empty", ["--pseudonym-key", "nowhere.key"]))
      requireStatus(0, try adapt(Self.fixture, in: folder, out: "empty"))
      requireStatus(0, try adapt(Self.fixture, in: folder, out: "new/"))
      for run in ["empty", "new"] {
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "\(run)/model.safetensors").path))
      }
    }
  }

  @Test("A configuration's seed stays unless another is given")
  func configuredSeed() throws {
    try withScratchFolder { folder in
      func configuration(_ run: String) throws -> String {
        try String(contentsOf: folder.appending(path: "\(run)/config.yaml"), encoding: .utf8)
      }
      requireStatus(0, try adapt(Self.fixture, in: folder, ["--seed", "7"]))
      requireStatus(0, try adapt(Self.fixture, in: folder, out: "same", ["--config", "run/config.yaml"]))
      requireStatus(0, try adapt(Self.fixture, in: folder, out: "other", ["--config", "run/config.yaml", "--seed", "8"]))
      let (run, same, other) = (try configuration("run"), try configuration("same"), try configuration("other"))
      #expect(run.contains("seed: 7") && same == run && other.contains("seed: 8"))
    }
  }

  @Test("An unknown strategy, or a layer pattern that matches nothing, leaves no run folder behind")
  func nothingBegun() throws {
    try withScratchFolder { folder in
      requireStatus(0, try adapt(Self.fixture, in: folder))
      let common = ["adapt", "--model", "run/model.safetensors", "--scans", Self.fixture, "--out", "second", "--quiet"]
      requireStatus(78, try CommandRun(common + ["--strategy", "nonsense"], in: folder))
      requireStatus(64, try CommandRun(common + ["--strategy", "bn-only", "--layers", "block1.*"], in: folder))
      let unmatched = try CommandRun(common + ["--strategy", "recalibrate", "--layers", "nothing.*"], in: folder)
      requireStatus(78, unmatched)
      #expect(unmatched.errors.contains("nothing.*") && unmatched.errors.contains("block1.bn"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "second").path))
    }
  }

  @Test("A finished run is never overwritten: 73")
  func finishedRun() throws {
    try withScratchFolder { folder in
      requireStatus(0, try adapt(Self.fixture, in: folder))
      let before = try Data(contentsOf: folder.appending(path: "run/model.safetensors"))
      requireStatus(73, try adapt(Self.fixture, in: folder, ["--seed", "9"]))
      let after = try Data(contentsOf: folder.appending(path: "run/model.safetensors"))
      #expect(after == before)
    }
  }
}

/// A safetensors file with its metadata taken out, as somebody else's would come.
enum SafetensorsBytes {
  static func withoutMetadata(_ file: Data) throws -> Data {
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    var header = try #require(try JSONSerialization.jsonObject(with: file[8..<(8 + length)]) as? [String: Any])
    header["__metadata__"] = nil
    let bytes = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
    var result = Data()
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { result.append(contentsOf: $0) }
    return result + bytes + file[(8 + length)...]
  }
}
