import ArgumentParser
import Graphs
import Imaging
import ModelFiles

/// Which network, and what a person says about a weight file that has no card: the same on every command.
struct ModelOptions: ParsableArguments {
  @Option(help: "A weight file: .safetensors, or PyTorch's .pth, .pt, .th (zip or legacy).")
  var model: String?

  @OptionGroup var description: ModelDescriptionOptions

  func validate() throws {
    guard model != nil else { throw ValidationError("--model is needed: a .safetensors or .pth file") }
  }

  /// The file's name, for tables and reports.
  var name: String { model?.split(separator: "/").last.map(String.init) ?? "model" }

  func load() throws -> Model { try Self.load(model!, description.loadingOptions) }

  /// Loads and says on stderr what was done on the way.
  static func load(_ path: String, _ options: ModelLoadingOptions) throws -> Model {
    let (loaded, notes) = try ModelLoader.load(path, options: options)
    for note in notes { Terminal.note("\(path): \(note)") }
    return loaded
  }
}

/// What isn't in a weight file and is never guessed.
struct ModelDescriptionOptions: ParsableArguments {
  @Option(help: "The network's name (\(Architecture.allCases.map(\.rawValue).joined(separator: ", "))); inferred where the keys decide it.")
  var architecture: Architecture?

  @Option(help: "The class names, separated by commas, in the order of the logits.", transform: labelList)
  var labels: [String]?

  @Option(help: "softmax: the classes exclude each other; sigmoid: each finding has a probability of its own. softmax unless given.")
  var output: ModelCard.Output?

  @Flag(help: "Call the classes class-0, class-1, …: for a network whose head will be replaced, such as ImageNet's.")
  var unnamedLabels = false

  @Option(
    help: "How a scan becomes the network's input: imagenet, cifar10, unit, or words like 'resize=256 crop=224 channels=3'.",
    transform: preprocessing)
  var preprocess: Preprocessing?

  @Option(help: "HEIGHTxWIDTH of the input, where the preprocessing leaves it to the scan.")
  var inputSize: InputSize?

  @Option(help: "Which of several state dicts in the file, such as ema.model.")
  var state: String?

  @Option(help: "The epsilon of every normalization; the published network's unless given.")
  var epsilon: Float?

  var loadingOptions: ModelLoadingOptions {
    ModelLoadingOptions(
      architecture: architecture, labels: labels, output: output, preprocessing: preprocess,
      inputSize: inputSize.map { ($0.height, $0.width) },
      stateKey: state, epsilon: epsilon, numbersLabels: unnamedLabels)
  }
}

/// `HEIGHTxWIDTH`.
struct InputSize: ExpressibleByArgument {
  let height: Int
  let width: Int

  init?(argument: String) {
    let numbers = argument.split(separator: "x").compactMap { Int($0) }
    guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    (height, width) = (numbers[0], numbers[1])
  }
}

func labelList(_ argument: String) throws -> [String] {
  let labels = argument.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingPrefix(while: \.isWhitespace) }
  guard labels.count >= 2, labels.allSatisfy({ !$0.isEmpty }), Set(labels).count == labels.count else {
    throw ValidationError("expected two or more different names separated by commas; found '\(argument)'")
  }
  return labels.map(String.init)
}

extension Architecture: ExpressibleByArgument {}

extension ModelCard.Output: ExpressibleByArgument {}

func preprocessing(_ argument: String) throws -> Preprocessing {
  do { return try Preprocessing(specification: argument) } catch { throw ValidationError("--preprocess: \(error)") }
}
