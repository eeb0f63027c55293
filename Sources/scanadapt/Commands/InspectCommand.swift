import ArgumentParser
import Engine
import Files
import Foundation
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

  @Flag(help: "List each step of the compiled network: kernel, FLOPs, bytes; each buffer's life; and the peak.")
  var plan = false

  @OptionGroup var planning: PlanOptions

  @Flag(help: "The plan as JSON.")
  var json = false

  func validate() throws {
    if json, !plan { throw ValidationError("--json is for --plan") }
  }

  func run() throws {
    if path.lowercased().hasSuffix(".png") { return try printScan() }
    if Folder.exists(path) { return Terminal.result(String(decoding: try FileContents.read(path + "/run.json"), as: UTF8.self)) }
    let (model, notes) = try ModelLoader.load(path, options: description.loadingOptions)
    for note in notes { Terminal.note("\(path): \(note)") }
    Terminal.result(plan ? try planText(of: model) : ModelSummary(model).text)
    if writeCard { Terminal.note("card written: \(try ModelWriter.writeCard(of: model, beside: path))") }
  }

  private func printScan() throws {
    let image = try PNGReader.decode(contentsOf: path)
    let range = image.samples.min().map { "\($0)…\(image.samples.max()!)" } ?? "none"
    Terminal.result(
      "\(path): \(image.width)×\(image.height), \(image.color), \(image.bitDepth) bits, samples \(range)"
        + (image.isInterlaced ? ", interlaced" : "") + (image.warning.map { "\nlibpng warns: \($0)" } ?? ""))
  }

  private func planText(of model: Model) throws -> String {
    let listing = try planning.listing(of: model)
    guard json else { return listing.description }
    return try Terminal.json(listing)
  }
}
