import ArgumentParser
import Engine
import Foundation
import Graphs

/// Times whole jobs, alternating with PyTorch and ONNX Runtime in the same run where they are given, and prints ratios of medians.
@main
struct ScanAdaptBench: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scanadapt-bench", abstract: "Time whole jobs, beside PyTorch where given.")

  @Option(help: "A Python that has torch (and onnxruntime, onnx): its side is run alternately.") var pytorch: String?
  @Option(help: "The peer's script.") var peerScript = "tools/bench-peer.py"
  @Option(parsing: .upToNextOption, help: "Networks by name.")
  var networks: [Architecture] = [.resnet18, .resnet50, .denseNet121, .mobileNetV2, .efficientNetLite0]
  @Option(parsing: .upToNextOption, help: "inference, statistics, bn-only, full, linear-probe.")
  var jobs: [Job] = [.inference, .statistics, .bnOnly, .full]
  @Option(help: "Images in a batch.") var batch = 16
  @Option(help: "Image height and width in pixels.") var size = 224
  @Option(help: "Threads on either side.") var threads = 2
  @Option(help: "Timed runs on either side, after one that isn't.") var runs = 5
  @Flag(help: "ResNet-18 and MobileNetV2, three runs: under three minutes.") var quick = false
  @Option(help: "Write the figures as JSON to this file.") var json: String?

  /// A run repeats its job for about this long, on either side.
  private static let leastSeconds = 0.5

  func run() throws {
    var peers: [Peer.Kind: Peer] = [:]
    if let pytorch {
      for kind in Peer.Kind.allCases { peers[kind] = try Peer(kind, python: pytorch, script: peerScript, threads: threads) }
    }
    var rows: [Measurement] = []
    print(Measurement.header)
    for network in quick ? [.resnet18, .mobileNetV2] : networks {
      for job in jobs {
        let row = try measure(job, network, peers)
        print(row.line)
        rows.append(row)
      }
    }
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(rows).write(to: URL(fileURLWithPath: json), options: .atomic)
    }
  }

  private func measure(_ job: Job, _ network: Architecture, _ peers: [Peer.Kind: Peer]) throws -> Measurement {
    let ours = try job.prepared(network, batch: batch, size: size, threads: threads)
    try ours()
    let once = try ContinuousClock().measure(ours) / .seconds(1)
    let repetitions = max(1, Int((Self.leastSeconds / once).rounded(.up)))
    var seconds: [Double] = []
    var theirs: [Peer.Kind: [Double]] = [:]
    for _ in 0..<(quick ? 3 : runs) {
      let elapsed = try ContinuousClock().measure { for _ in 0..<repetitions { try ours() } }
      seconds.append(elapsed / .seconds(1) / Double(repetitions))
      for (kind, peer) in peers where kind != .onnxruntime || job == .inference {
        let time = try peer.time(
          job, network: network.rawValue, batch: batch, size: size, threads: threads, repetitions: repetitions)
        if let time { theirs[kind, default: []].append(time) }
      }
    }
    return Measurement(
      network: network.rawValue, job: job.rawValue, batch: batch, size: size, threads: threads, seconds: seconds.median,
      pytorchSeconds: [theirs[.nchw], theirs[.nhwc]].compactMap { $0?.median }.min(),
      onnxRuntimeSeconds: theirs[.onnxruntime]?.median)
  }
}

extension Architecture: ExpressibleByArgument {}
extension Job: ExpressibleByArgument {}

extension [Double] {
  fileprivate var median: Double {
    let ordered = sorted()
    return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
  }
}
