import ArgumentParser
import ModelFiles

/// `scanadapt convert`: any weight file that can be read, as safetensors with its card inside.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a model as safetensors, with PyTorch's names and its card inside.")

  @OptionGroup var model: ModelOptions

  @Option(name: .customLong("out"), help: "The file to write.")
  var output: String

  func run() throws {
    try ModelWriter.write(try model.load(), to: output)
    Terminal.note("written: \(output)")
  }
}
