import ArgumentParser
import ModelFiles

/// `scanadapt convert`: any weight file that can be read, as safetensors with its card inside.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a model as safetensors, with PyTorch's names and its card inside.",
    discussion: "With --adapter, a low-rank adapter that scanadapt or PEFT saved is merged into the model on the way.")

  @OptionGroup var model: ModelOptions

  @Option(help: "A folder with adapter_config.json and adapter_model.safetensors, to merge into the model.")
  var adapter: String?

  @Option(name: .customLong("out"), help: "The file to write.")
  var output: String

  func run() throws {
    var converted = try model.load()
    if let adapter {
      let found = try LowRankAdapter(contentsOfFolder: adapter)
      converted = try found.applied(to: converted)
      Terminal.note("\(adapter): merged into \(found.layers.count) layers")
    }
    try ModelWriter.write(converted, to: output)
    Terminal.note("written: \(output)")
  }
}
