import Foundation
import Testing

@Suite("Low-rank adapters as files")
struct AdapterTests {
  @Test("A low-rank run leaves its adapter; converted with the source it gives the run's model, and with another network a sentence")
  func adapter() throws {
    try withScratchFolder { folder in
      let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path
      for (name, seed) in [("source", "1"), ("other", "2")] {
        requireStatus(
          0,
          try CommandRun(
            [
              "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans", fixture,
              "--strategy", "full", "--epochs", "1", "--seed", seed, "--out", name, "--quiet",
            ], in: folder))
      }
      let run = try CommandRun(
        [
          "adapt", "--model", "source/model.safetensors", "--scans", fixture, "--where", "scanner=beta", "--strategy",
          "lora:rank=2,affine=yes", "--head", "train", "--epochs", "2", "--ungated", "--out", "low-rank", "--quiet",
        ], in: folder)
      requireStatus(0, run)
      #expect(run.output.contains("decided: rank 2 in 4 layers"))
      #expect(run.output.contains("merged into 4 layers: an output moved by"))

      func convert(_ source: String, to output: String) throws -> CommandRun {
        try CommandRun(
          ["convert", "--model", "\(source)/model.safetensors", "--adapter", "low-rank/adapter", "--out", output], in: folder)
      }
      requireStatus(0, try convert("source", to: "merged.safetensors"))
      let bytes = ["merged.safetensors", "low-rank/model.safetensors"].map { folder.appending(path: $0) }
      #expect(try Data(contentsOf: bytes[0]) == Data(contentsOf: bytes[1]))
      let refused = try convert("other", to: "wrong.safetensors")
      #expect(refused.status == 65 && refused.errors.contains("was trained on the network"))
    }
  }

  @Test("A pattern that no layer matches lists the layers")
  func pattern() throws {
    try withScratchFolder { folder in
      let run = try CommandRun(
        [
          "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans",
          CommandRun.root.appending(path: "Fixtures/phantom").path, "--strategy", "lora:layers=layer4.*", "--out", "run", "--quiet",
        ], in: folder)
      #expect(run.status == 78 && run.errors.contains("block1.conv, block2.conv, block3.conv, block4.conv"))
    }
  }
}
