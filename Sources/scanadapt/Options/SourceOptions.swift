import ArgumentParser
import Graphs
import ModelFiles

/// The network that adapting starts from: a weight file, or fresh weights for training from scratch.
struct SourceOptions: ParsableArguments {
  @Option(help: "A weight file: .safetensors, or PyTorch's .pth, .pt, .th (zip or legacy).")
  var model: String?

  @Option(help: "Start from fresh weights of this network instead of a file; needs --labels and --preprocess.")
  var fromScratch: Architecture?

  @OptionGroup var description: ModelDescriptionOptions

  func validate() throws {
    guard (model == nil) != (fromScratch == nil) else { throw ValidationError("give --model FILE or --from-scratch NETWORK, one of them") }
    if fromScratch != nil {
      guard description.labels != nil else { throw ValidationError("--from-scratch needs --labels A,B,… in index order") }
      guard description.preprocess != nil else { throw ValidationError("--from-scratch needs --preprocess SPEC") }
      guard description.inputShape != nil else {
        throw ValidationError("--from-scratch needs --input-size HEIGHTxWIDTH, since the preprocessing leaves it to the scan")
      }
    }
  }

  func load(seed: UInt64) throws -> Model {
    guard let fromScratch else { return try ModelOptions.load(model!, description.loadingOptions) }
    let card = ModelCard(
      architecture: fromScratch, labels: description.labels!, preprocessing: description.preprocess!, inputShape: description.inputShape!,
      fittedPatients: .none, statistics: "fresh", provenance: ["fresh weights, seed \(seed)"])
    return try Model.initialized(fromScratch, card: card, seed: seed)
  }
}

extension ModelDescriptionOptions {
  /// What the preprocessing, or `--input-size`, says one image is; nil where neither does.
  var inputShape: FeatureShape? {
    guard let preprocess else { return nil }
    if let shape = preprocess.outputShape { return FeatureShape(channels: shape[0], height: shape[1], width: shape[2]) }
    return inputSize.map { FeatureShape(channels: preprocess.channels, height: $0.height, width: $0.width) }
  }
}
