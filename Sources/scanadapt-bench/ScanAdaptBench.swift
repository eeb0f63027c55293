import ArgumentParser
import CKernels
import Engine
import Foundation
import Graphs

/// Times kernels and whole jobs, alternating with PyTorch and ONNX Runtime in the same run where they are given.
@main
struct ScanAdaptBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scanadapt-bench", abstract: "Time kernels and whole jobs, beside PyTorch where given.")

  /// A part of the bench.
  enum Section: String, CaseIterable, ExpressibleByArgument {
    case kernels, networks
  }

  @Option(help: "A Python that has torch (and onnxruntime, onnx): its side is run alternately.") var pytorch: String?
  @Option(help: "The peer's script.") var peerScript = "tools/bench-peer.py"
  @Option(parsing: .upToNextOption, help: "kernels, networks; all unless given.") var sections = Section.allCases
  @Option(parsing: .upToNextOption, help: "Networks by name.")
  var networks: [Architecture] = [.resnet18, .resnet50, .denseNet121, .mobileNetV2, .efficientNetLite0]
  @Option(parsing: .upToNextOption, help: "inference, statistics, bn-only, full, linear-probe.")
  var jobs: [Job] = [.inference, .statistics, .bnOnly, .full]
  @Option(help: "Images in a batch of the whole jobs.") var batch = 16
  @Option(help: "Image height and width in pixels.") var size = 224
  @Option(help: "Threads of whole jobs, on either side.") var threads = 2
  @Option(help: "Timed runs on either side, after one that isn't.") var runs = 5
  @Option(help: "Images in a batch of the kernels.") var kernelBatch = 1
  @Option(help: "Threads of the kernels.") var kernelThreads = 1
  @Option(help: "The kernels' instruction set, portable, avx2 or avx512; the best unless given.") var instructionSet: String?
  @Flag(help: "ResNet-18 and MobileNetV2, short runs: under three minutes.") var quick = false
  @Option(help: "Write the figures as JSON to this file.") var json: String?

  func run() throws {
    let peers = try Peers(python: sections == [.kernels] ? nil : pytorch, script: peerScript, threads: threads)
    let set = try chosenInstructionSet()
    var report = BenchReport(machine: Machine(threads: threads, instructionSet: set, now: Date()))
    report.machine.versions = peers.versions
    print(report.machine.text)
    let networks = quick ? [.resnet18, .mobileNetV2] : networks
    if sections.contains(.kernels) {
      let timer = KernelTimer(images: kernelBatch, threads: kernelThreads, instructionSet: set, seconds: quick ? 0.02 : 0.1)
      report.kernels = try KernelTable(networks: networks, images: kernelBatch, size: size, timer: timer, machine: report.machine).run()
    }
    if sections.contains(.networks) {
      let timer = NetworkTimer(peers: peers, threads: threads, runs: quick ? 3 : runs)
      print("\n" + NetworkRow.header)
      for network in networks {
        try timer.checkOperations(network, size: size)
        for job in jobs {
          let row = try timer.measure(job, network, batch: batch, size: size)
          print(row.line)
          report.networks.append(row)
        }
      }
    }
    if let json { try report.write(to: json) }
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

extension Architecture: ExpressibleByArgument {}
extension Job: ExpressibleByArgument {}
