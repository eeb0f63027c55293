import ArgumentParser
import CKernels
import Engine
import Files
import Foundation
import Graphs

/// Times kernels and whole jobs, alternating with PyTorch and ONNX Runtime in the same run where they are given.
@main
struct ScanAdaptBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scanadapt-bench", abstract: "Time kernels and whole jobs, beside PyTorch where given.")

  /// A part of the bench.
  enum Section: String, CaseIterable, ExpressibleByArgument {
    case kernels, networks, latency, scaling, memory, scans
  }

  @Option(help: "A Python that has torch (and onnxruntime, onnx): its side is run alternately.") var pytorch: String?
  @Option(help: "The folder of the peers' scripts.") var scripts = "tools"
  @Option(parsing: .upToNextOption, help: "kernels, networks, latency, scaling, memory, scans; all unless given.")
  var sections = Section.allCases
  @Option(parsing: .upToNextOption, help: "Networks by name.")
  var networks: [Architecture] = [.resnet18, .resnet50, .denseNet121, .mobileNetV2, .efficientNetLite0]
  @Option(parsing: .upToNextOption, help: "inference, statistics, bn-only, full, linear-probe.")
  var jobs: [Job] = [.inference, .statistics, .bnOnly, .full]
  @Option(help: "Images in a batch of the whole jobs.") var batch = 16
  @Option(help: "Image height and width in pixels.") var size = 224
  @Option(help: "Threads of whole jobs, on either side.") var threads = 2
  @Option(help: "Timed runs on either side, after one that isn't; 5 unless given, 1 for jobs on scans, which take minutes.") var runs: Int?
  @Option(help: "Images in a batch of the kernels.") var kernelBatch = 1
  @Option(help: "Threads of the kernels.") var kernelThreads = 1
  @Option(help: "The kernels' instruction set, portable, avx2 or avx512; the best unless given.") var instructionSet: String?
  @Option(help: "Scans of 1,024 px for the whole job; the probe takes half.") var scanCount = 1000
  @Option(help: "Where those scans are, or are rendered; a temporary folder unless given.") var scansFolder: String?
  @Option(help: "A folder for plots of the scaling.") var plots: String?
  @Flag(help: "ResNet-18 and MobileNetV2, short runs, few scans: under three minutes.") var quick = false
  @Option(help: "Write the figures as JSON to this file.") var json: String?
  @Option(help: .hidden) var peakOf: PeakJob?

  func run() throws {
    if let peakOf { return print(try peakOf.bytes(batch: batch, scans: scanCount, threads: threads)) }
    let wantsPeers = sections.contains(.networks) || sections.contains(.latency)
    let peers = try Peers(python: wantsPeers ? pytorch : nil, script: "\(scripts)/bench-peer.py", threads: threads)
    let set = try chosenInstructionSet()
    var report = BenchReport(machine: Machine(threads: threads, instructionSet: set, now: Date()))
    report.machine.versions = peers.versions
    print(report.machine.text)
    let networks = quick ? [.resnet18, .mobileNetV2] : networks
    let scanPeer = pytorch.map { ScanPeer(python: $0, script: "\(scripts)/bench-scans.py", threads: threads) }
    for section in Section.allCases where sections.contains(section) {
      switch section {
      case .kernels:
        let timer = KernelTimer(images: kernelBatch, threads: kernelThreads, instructionSet: set, seconds: quick ? 0.01 : 0.1)
        report.kernels = try KernelTable(networks: networks, images: kernelBatch, size: size, timer: timer, machine: report.machine).run()
      case .networks: report.networks = try timer(peers, 0.5).table(of: networks, jobs, batch: batch, size: size)
      case .latency: report.latency = try timer(peers, 0.1).latencies(of: networks)
      case .scaling: report.scaling = try ScalingTable(threads: threads, isQuick: quick, folder: plots).run()
      case .memory: report.memory = try MemoryTable(peer: scanPeer, threads: threads, scanCounts: quick ? [100, 200] : [200, 800]).run()
      case .scans: report.scans = try scanTable(scanPeer)
      }
    }
    if let json { try report.write(to: json) }
  }

  /// - Parameter seconds: how long a run repeats its job.
  private func timer(_ peers: Peers, _ seconds: Double) -> NetworkTimer {
    NetworkTimer(peers: peers, threads: threads, runs: runs ?? (quick ? 3 : 5), leastSeconds: quick ? seconds / 3 : seconds)
  }

  private func scanTable(_ peer: ScanPeer?) throws -> [ComparisonRow] {
    let count = quick ? 24 : scanCount
    let temporary = FileManager.default.temporaryDirectory.path + "/scanadapt-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? Folder.remove(temporary) }
    let scans = try PhantomScans(folder: scansFolder ?? temporary + "/scans", count: count, pixels: 1024)
    let jobs = ScanJobs(scans: scans, threads: threads, cacheFolder: temporary + "/cache")
    return try ScanTable(jobs: jobs, peer: peer, runs: runs ?? 1, count: count, recalibrated: quick ? 32 : 500).run()
  }

  private func chosenInstructionSet() throws -> sa_instruction_set {
    let best = sa_best_instruction_set()
    guard let instructionSet else { return best }
    let sets = [SA_PORTABLE, SA_AVX2, SA_AVX512].filter { $0.rawValue <= best.rawValue }
    guard let set = sets.first(where: { String(cString: sa_instruction_set_name($0)) == instructionSet }) else {
      let names = sets.map { String(cString: sa_instruction_set_name($0)) }
      throw ValidationError("--instruction-set is one of \(names.joined(separator: ", ")), not \(instructionSet)")
    }
    return set
  }
}

/// What a process of its own does before it prints its peak memory.
enum PeakJob: String, ExpressibleByArgument {
  case step, scans

  func bytes(batch: Int, scans: Int, threads: Int) throws -> Int {
    switch self {
    case .step:
      let step = try Job.bnOnly.prepared(.resnet18, batch: batch, size: 224, threads: threads)
      for _ in 0..<2 { try step() }
    case .scans: try StreamedEpoch.run(scans: scans, threads: threads)
    }
    return try PeakMemory.ofThisProcess()
  }
}

extension Architecture: ExpressibleByArgument {}
extension Job: ExpressibleByArgument {}
