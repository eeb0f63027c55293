import Files
import Graphs
import Imaging

/// Reads a model from a weight file of any known format, with the card inside or beside it or with what the options say.
public enum ModelLoader {
  /// - Returns: the model, and what was done that a person should see.
  /// - Throws: `FileError`, `SafetensorsError`, `PyTorchFileError`, `StateDictError`, `ModelFileError`.
  public static func load(_ path: String, options: ModelLoadingOptions = ModelLoadingOptions()) throws -> (
    model: Model, notes: [LoadingNote]
  ) {
    let stateDict = try StateDict(contentsOf: path, stateKey: options.stateKey)
    if let card = try storedCard(of: stateDict, at: path) { return try withCard(card, stateDict, options) }
    return try withoutCard(stateDict, options)
  }

  /// The card inside the file or beside it; where both are, they must say the same.
  private static func storedCard(of stateDict: StateDict, at path: String) throws -> StoredCard? {
    let embedded = try stateDict.metadata[StoredCard.metadataKey].map { try StoredCard(json: $0.utf8, file: path) }
    let sidecar = ModelWriter.sidecarPath(of: path)
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(sidecar, limitBytes: StoredCard.limitBytes)
    } catch {
      if error.isMissing { return embedded }
      throw error
    }
    let beside = try StoredCard(json: bytes, file: sidecar)
    guard let embedded else { return beside }
    guard embedded.card == beside.card, beside.graph == nil || beside.graph == embedded.graph else {
      throw ModelFileError(path, .twoCards(sidecar: sidecar))
    }
    return embedded
  }

  // MARK: With a card

  private static func withCard(
    _ stored: StoredCard, _ stateDict: StateDict, _ options: ModelLoadingOptions
  ) throws -> (Model, [LoadingNote]) {
    let file = stateDict.file
    var notes = stateDict.notes
    if let named = options.architecture, named != stored.architecture {
      throw ModelFileError(
        file, .contradicts(option: "--architecture", found: named.rawValue, card: stored.architecture?.rawValue ?? "a graph of its own"))
    }
    if let labels = options.labels, labels != stored.labels {
      throw ModelFileError(
        file,
        .contradicts(option: "--labels", found: labels.joined(separator: ","), card: stored.labels.joined(separator: ",")))
    }
    if let output = options.output, output != stored.card.output {
      throw ModelFileError(file, .contradicts(option: "--output", found: output.rawValue, card: stored.card.output.rawValue))
    }
    var card = stored.card
    if let preprocessing = options.preprocessing, preprocessing != card.preprocessing {
      notes.append(.overridden("preprocessing as given, not as the card says (\(card.preprocessing))"))
      card.preprocessing = preprocessing
      if let shape = preprocessing.outputShape {
        card.inputShape = FeatureShape(channels: shape[0], height: shape[1], width: shape[2])
      }
    }
    if card.preprocessing.outputShape == nil, let size = options.inputSize {
      card.inputShape = FeatureShape(channels: card.preprocessing.channels, height: size.height, width: size.width)
    }
    let graph: Graph
    if let stored = stored.graph {
      graph = stored
    } else if let architecture = stored.architecture {
      let reading = try NetworkReading(stateDict, as: architecture, options: ModelLoadingOptions(epsilon: options.epsilon))
      graph = reading.graph
      notes += reading.notes
    } else {
      throw ModelFileError(file, .malformedCard("neither 'graph' nor 'architecture' is given"))
    }
    let model = try assemble(graph, stateDict, card, ignoring: { _ in false }, headSeed: nil, notes: &notes)
    guard case .fresh(let labels, let seed) = options.head else { return (model, notes) }
    notes.append(.ignoredHead(keys: model.graph.headParameters.map(\.id.description)))
    return (try consistent(file) { () throws(ModelConsistencyError) in try model.replacingHead(labels: labels, seed: seed) }, notes)
  }

  // MARK: Without one

  private static func withoutCard(_ stateDict: StateDict, _ options: ModelLoadingOptions) throws -> (Model, [LoadingNote]) {
    let file = stateDict.file
    var notes = stateDict.notes
    let reading: NetworkReading
    if let architecture = options.architecture {
      reading = try NetworkReading(stateDict, as: architecture, options: options)
    } else {
      reading = try NetworkReading.inferred(from: stateDict, options: options)
      notes.append(.inferredArchitecture(reading.architecture.rawValue))
    }
    let logits = reading.graph.classifier!.operation.outputFeatures
    let given = options.labels ?? (options.numbersLabels ? (0..<logits).map { "class-\($0)" } : nil)
    let (labels, headSeed): ([String]?, UInt64?) =
      if case .fresh(let labels, let seed) = options.head { (labels, seed) } else { (given, nil) }
    var missing: [String] = []
    if labels == nil {
      missing.append("--labels A,B,… (\(logits) names in the order of the logits; --unnamed-labels for a head that will be replaced)")
    }
    if options.preprocessing == nil { missing.append("--preprocess SPEC (imagenet, or words like crop=224 channels=3)") }
    if let preprocessing = options.preprocessing, preprocessing.outputShape == nil, options.inputSize == nil {
      missing.append("--input-size HEIGHTxWIDTH (the preprocessing leaves the size to the scan)")
    }
    guard let labels, let preprocessing = options.preprocessing, missing.isEmpty else {
      throw ModelFileError(file, .missingInformation(missing))
    }
    let size = preprocessing.outputShape.map { (height: $0[1], width: $0[2]) } ?? options.inputSize!
    let card = ModelCard(
      architecture: reading.architecture, labels: labels, output: options.output ?? .softmax, preprocessing: preprocessing,
      inputShape: FeatureShape(channels: preprocessing.channels, height: size.height, width: size.width), fittedPatients: .unknown,
      statistics: "source", provenance: ["weights of sha256 \(stateDict.contentHash.hex)"])
    notes += reading.notes
    let model = try assemble(
      reading.graph, stateDict, card, ignoring: headSeed == nil ? { _ in false } : reading.isHeadKey, headSeed: headSeed, notes: &notes)
    notes.append(.noCard)
    return (model, notes)
  }

  // MARK: Both

  private static func assemble(
    _ graph: Graph, _ stateDict: StateDict, _ card: ModelCard, ignoring: (String) -> Bool, headSeed: UInt64?, notes: inout [LoadingNote]
  ) throws -> Model {
    let matching = ParameterMatching(graph, stateDict, ignoring: ignoring)
    guard matching.fits else {
      throw ModelFileError(
        stateDict.file,
        .keys(
          architecture: card.architecture?.rawValue ?? "the card's graph", missing: matching.missing, unexpected: matching.unexpected,
          mismatched: matching.mismatched))
    }
    try consistent(stateDict.file) { () throws(ModelConsistencyError) in try Model.check(graph, graph.parameters, card) }
    var parameters = Parameters(graph.parameters)
    do throws(UnusableValue) {
      notes += try matching.fill(&parameters, skipping: ignoring)
    } catch { throw ModelFileError(stateDict.file, .unusableValue(error)) }
    if let headSeed {
      graph.initializeHead(in: &parameters, seed: headSeed)
      let keys = Array(stateDict.tensors.keys).filter(ignoring)
      if !keys.isEmpty { notes.append(.ignoredHead(keys: keys)) }
    }
    return try consistent(stateDict.file) { () throws(ModelConsistencyError) in
      try Model(graph: graph, parameters: parameters, card: card)
    }
  }

  private static func consistent<Result>(
    _ file: String, _ body: () throws(ModelConsistencyError) -> Result
  ) throws(ModelFileError) -> Result {
    do throws(ModelConsistencyError) { return try body() } catch { throw ModelFileError(file, .inconsistent(error)) }
  }
}
