import Files
import Graphs

/// Writes a model as one safetensors file: PyTorch's names, which `load_state_dict` takes, and the card with the graph in the metadata.
public enum ModelWriter {
  /// - Throws: `FileError`.
  public static func write(_ model: Model, to path: String) throws(FileError) { try writer(for: model).write(to: path) }

  /// The file's bytes, for a checkpoint that keeps several things in one file.
  public static func encoded(_ model: Model) -> [UInt8] { writer(for: model).encoded() }

  /// Writes the card beside a weight file, so that it needs no options from then on. A published network's graph isn't repeated.
  /// - Returns: the card's path.
  /// - Throws: `FileError`.
  @discardableResult
  public static func writeCard(of model: Model, beside path: String) throws(FileError) -> String {
    let isPublished = model.card.architecture.map { $0.publishedGraph(like: model.graph) == model.graph } ?? false
    let card = StoredCard(model.card, graph: isPublished ? nil : model.graph)
    let target = sidecarPath(of: path)
    try AtomicFile.write(card.json(readable: true) + [0x0A], to: target)
    return target
  }

  /// `FILE.card.json`.
  public static func sidecarPath(of path: String) -> String { "\(path).card.json" }

  private static func writer(for model: Model) -> SafetensorsWriter {
    let card = String(decoding: StoredCard(model.card, graph: model.graph).json(readable: false), as: UTF8.self)
    var writer = SafetensorsWriter(metadata: [("format", "pt"), (StoredCard.metadataKey, card)])
    for id in model.parameters.ids { writer.add(model.parameters[id], as: id.description) }
    for (path, count) in model.parameters.batchesTracked.sorted(by: { $0.key < $1.key }) {
      writer.add(count, as: "\(path).num_batches_tracked")
    }
    return writer
  }
}

extension Architecture {
  /// The published network with the channels and the standard or linear head of `graph`; nil if it has another head.
  fileprivate func publishedGraph(like graph: Graph) -> Graph? {
    guard let classifier = graph.classifier, case .input(let input)? = graph.nodes.first?.operation else { return nil }
    let classes = classifier.operation.outputFeatures
    return [standardHead(classes: classes), Head.linear(outputs: classes, hasBias: classifier.operation.hasBias)]
      .map { self.graph(inputChannels: input.channels, head: $0) }
      .first { $0 == graph }
  }
}
