import Engine
import Foundation
import Graphs

/// Times whole jobs of networks, alternating with the peers.
struct NetworkTimer {
  let peers: Peers
  let threads: Int
  let runs: Int
  /// A run repeats its job for about this long, on either side.
  var leastSeconds = 0.5

  func measure(_ job: Job, _ network: Architecture, batch: Int, size: Int) throws -> NetworkRow {
    let ours = try job.prepared(network, batch: batch, size: size, threads: threads)
    try ours()
    let once = try ContinuousClock().measure(ours) / .seconds(1)
    let repetitions = max(1, Int((leastSeconds / once).rounded(.up)))
    var seconds: [Double] = []
    var theirs: [Peer.Kind: [Double]] = [:]
    for _ in 0..<runs {
      let elapsed = try ContinuousClock().measure { for _ in 0..<repetitions { try ours() } }
      seconds.append(elapsed / .seconds(1) / Double(repetitions))
      for (kind, peer) in peers.processes where kind != .onnxruntime || job == .inference {
        let time = try peer.time(
          job, network: network.rawValue, batch: batch, size: size, threads: threads, repetitions: repetitions)
        if let time { theirs[kind, default: []].append(time) }
      }
    }
    return NetworkRow(
      network: network.rawValue, job: job.rawValue, batch: batch, size: size, threads: threads, seconds: seconds.median!,
      pytorchSeconds: [theirs[.nchw], theirs[.nhwc]].compactMap { $0?.median }.min(), onnxRuntimeSeconds: theirs[.onnxruntime]?.median)
  }

  /// Both sides must run the same network: PyTorch's count of operations is ours.
  func checkOperations(_ network: Architecture, size: Int) throws {
    guard let theirs = try peers.processes[.nchw]?.gflop(network: network.rawValue, size: size) else { return }
    let shape = FeatureShape(channels: 3, height: size, width: size)
    let ours =
      try Program(graph: network.graph(classes: 1000), inputs: ["input": shape], batch: 1, purpose: .inference()).floatingPointOperations
      / 1e9
    guard abs(ours - theirs) < 1e-3 * theirs else { throw PeerError.otherNetwork(network.rawValue, ours: ours, theirs: theirs) }
  }
}

extension [Double] {
  /// Nil where there are none.
  var median: Double? {
    guard !isEmpty else { return nil }
    let ordered = sorted()
    return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
  }
}
