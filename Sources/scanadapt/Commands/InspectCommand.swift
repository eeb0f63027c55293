import ArgumentParser
import Engine
import Files
import Graphs
import Imaging
import ModelFiles

/// `scanadapt inspect`: what a weight file, a scan, a run folder or a plan holds.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a model, a scan or a run folder holds, or how a network would be computed.")

  @Argument(help: "A weight file, a PNG scan, or a run folder.")
  var path: String

  @OptionGroup var description: ModelDescriptionOptions

  @Flag(help: "Save the model's card beside the file, so that later commands need no --labels and --preprocess.")
  var writeCard = false

  @Flag(help: "List each step of the compiled network: kernel, FLOPs, bytes, and the peak.")
  var plan = false

  @Option(help: "For --plan: inference, statistics, bn-only or full.")
  var purpose: PlanPurpose = .inference

  @Option(help: "For --plan: images in a batch.")
  var batch = 1

  func run() throws {
    if path.lowercased().hasSuffix(".png") { return try printScan() }
    if Folder.exists(path) { return Terminal.result(String(decoding: try FileContents.read(path + "/run.json"), as: UTF8.self)) }
    let (model, notes) = try ModelLoader.load(path, options: description.loadingOptions)
    for note in notes { Terminal.note("\(path): \(note)") }
    Terminal.result(plan ? try program(of: model).description : ModelSummary(model).text)
    if writeCard { Terminal.note("card written: \(try ModelWriter.writeCard(of: model, beside: path))") }
  }

  private func printScan() throws {
    let image = try PNGReader.decode(contentsOf: path)
    let range = image.samples.min().map { "\($0)…\(image.samples.max()!)" } ?? "none"
    Terminal.result(
      "\(path): \(image.width)×\(image.height), \(image.color), \(image.bitDepth) bits, samples \(range)"
        + (image.isInterlaced ? ", interlaced" : "") + (image.warning.map { "\nlibpng warns: \($0)" } ?? ""))
  }

  private func program(of model: Model) throws -> Program {
    try Program(graph: model.graph, inputs: model.inputs, batch: batch, purpose: try purpose.compiled(for: model.graph))
  }
}

/// What `inspect --plan` compiles for.
enum PlanPurpose: String, ExpressibleByArgument, CaseIterable {
  case inference, statistics
  case bnOnly = "bn-only"
  case full

  func compiled(for graph: Graph) throws -> Purpose {
    switch self {
    case .inference: return .inference()
    case .statistics: return .statistics
    case .bnOnly, .full:
      let trained = graph.parameters.filter { self == .full ? $0.role != .buffer : $0.role == .affine }
      return .gradients(of: .crossEntropy(), for: try TrainablePlan(trainable: Set(trained.map(\.id))))
    }
  }
}
