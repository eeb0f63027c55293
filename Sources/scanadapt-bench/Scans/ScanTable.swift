import Foundation
import Graphs
import Normalization

/// The jobs on scans, ours and the peer's in turn, as often as asked; medians.
struct ScanTable {
  let jobs: ScanJobs
  let peer: ScanPeer?
  let runs: Int
  /// Scans of the whole job; the probe takes half.
  let count: Int
  let recalibrated: Int

  func run() throws -> [ComparisonRow] {
    let half = max(2, count / 2)
    print("\nJobs on scans, files on disk, two workers\n" + ComparisonRow.header)
    var rows: [ComparisonRow] = []
    func add(_ row: ComparisonRow) {
      print(row.line)
      rows.append(row)
    }
    let decode = try alternated(
      ours: { try jobs.decode(half) }, theirs: { try $0.run("decode", manifest: jobs.scans.manifest, count: half).seconds })
    add(row("decode, resize, cache", "\(half) PNG", decode.ours, "Pillow, torchvision", decode.theirs, .atLeast(1)))
    add(row("second epoch's reading", "\(half) from the cache", try jobs.readAgain(half), "Pillow, torchvision", decode.theirs, nil))
    try probe(half, add)
    let whole = try alternated(
      ours: { try jobs.bnOnly(count, epochs: 3) },
      theirs: { try $0.run("bn-only", manifest: jobs.scans.manifest, count: count, epochs: 3).seconds })
    add(row("BN-only, 3 epochs", "resnet18, \(count) PNG, then statistics", whole.ours, "PyTorch", whole.theirs, .atLeast(2)))
    for network in [.resnet18, .mobileNetV2] as [Architecture] { try recalibration(network, add) }
    return rows
  }

  private func probe(_ half: Int, _ add: (ComparisonRow) -> Void) throws {
    let usual = try alternated(
      ours: { try jobs.linearProbe(half, epochs: 10) },
      theirs: { try $0.run("probe", manifest: jobs.scans.manifest, count: half, epochs: 10).seconds })
    let detail = "resnet18, \(half) PNG, decode included"
    add(row("linear probe, 10 epochs", detail, usual.ours, "PyTorch, frozen backbone run each step", usual.theirs, .atLeast(14)))
    let cached = try alternated(
      ours: { try jobs.linearProbe(half, epochs: 10) },
      theirs: { try $0.run("probe-cached", manifest: jobs.scans.manifest, count: half, epochs: 10).seconds })
    add(row("linear probe, 10 epochs", detail, cached.ours, "PyTorch, features computed once", cached.theirs, .atLeast(1)))
  }

  private func recalibration(_ network: Architecture, _ add: (ComparisonRow) -> Void) throws {
    let job = try RecalibrationJob(network, count: recalibrated, threads: jobs.threads)
    for method in [.layerSequential, .onePass(batchSize: 16)] as [Recalibration.Method] { _ = try job.seconds(method) }
    var sequential: [Double] = []
    var onePass: [Double] = []
    for _ in 0..<runs {
      sequential.append(try job.seconds(.layerSequential))
      onePass.append(try job.seconds(.onePass(batchSize: 16)))
    }
    let detail = "\(network.rawValue), \(recalibrated) images in memory"
    add(row("layer-sequential statistics", detail, sequential.median!, "our one-pass statistics", onePass.median!, .atMost(1.3)))
  }

  private func alternated(
    ours: () throws -> Double, theirs: (ScanPeer) throws -> Double
  ) throws -> (ours: Double, theirs: Double?) {
    var (mine, other): ([Double], [Double]) = ([], [])
    for _ in 0..<runs {
      mine.append(try ours())
      if let peer { other.append(try theirs(peer)) }
    }
    return (mine.median!, other.median)
  }

  private func row(
    _ job: String, _ detail: String, _ ours: Double, _ other: String, _ theirs: Double?, _ aim: ComparisonRow.Aim?
  ) -> ComparisonRow {
    ComparisonRow(job: job, detail: detail, unit: .seconds, ours: ours, other: other, theirs: theirs, aim: aim)
  }
}
