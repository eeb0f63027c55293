import Foundation
import Testing

@Suite("inspect --plan")
struct InspectPlanTests {
  private struct Plan: Decodable {
    struct Step: Decodable {
      let node: String
      let operations: Double
      let bytesAlive: Int
    }

    let images: Int
    let steps: [Step]
    let operations: Double
    let arenaBytes: Int
  }

  @Test("JSON has the steps, the table the same; the arithmetic follows batch and size; what can't be planned is a usage error")
  func plans() throws {
    try withScratchFolder { folder in
      requireStatus(
        0,
        try CommandRun(
          [
            "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans",
            CommandRun.root.appending(path: "Fixtures/phantom").path, "--strategy", "full", "--epochs", "1", "--batch-size", "4", "--out",
            "run", "--quiet",
          ], in: folder))
      func plan(_ arguments: String...) throws -> Plan {
        let run = try CommandRun(["inspect", "run/model.safetensors", "--plan", "--json"] + arguments, in: folder)
        requireStatus(0, run)
        return try JSONDecoder().decode(Plan.self, from: Data(run.output.utf8))
      }
      let one = try plan("--purpose", "bn-only")
      let four = try plan("--purpose", "bn-only", "--batch", "2", "--size", "96")
      #expect(one.images == 1 && four.images == 2)
      #expect(four.steps.map(\.node) == one.steps.map(\.node))
      // Eight times the pixels, but for the one linear layer, whose work follows the batch alone.
      #expect(four.operations > 7.9 * one.operations && four.operations < 8.01 * one.operations)
      #expect(one.steps.allSatisfy { $0.bytesAlive <= one.arenaBytes })
      let table = try CommandRun(["inspect", "run/model.safetensors", "--plan", "--purpose", "linear-probe"], in: folder)
      #expect(table.output.contains("memory at its peak") && table.output.contains("alive from step to step"))
      requireStatus(64, try CommandRun(["inspect", "run/model.safetensors", "--plan", "--batch", "0"], in: folder))
      requireStatus(64, try CommandRun(["inspect", "run/model.safetensors", "--plan", "--size", "2"], in: folder))
    }
  }
}
