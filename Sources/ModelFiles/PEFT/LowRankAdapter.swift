import Files
import Graphs
import OrderedCollections
import Tensors

/// A low-rank adapter apart from its network: the thin matrices of some layers, and layers replaced whole.
///
/// As a folder it is PEFT's: `adapter_config.json` and `adapter_model.safetensors`. Ours also hold every normalization (statistics, gamma,
/// beta) and the head where it changed, as PEFT's `modules_to_save`, so that `PeftModel.from_pretrained` gives the adapted network's
/// answers; and an `Origin`, which binds them to one network.
public struct LowRankAdapter: Sendable {
  /// One layer's matrices, in the shapes of `LowRankUpdate`.
  public struct Layer: Sendable {
    public let path: String
    public let a: Tensor
    public let b: Tensor
    public let scale: Double
    /// The layer's groups; PEFT's own `lora_A` has none.
    let groups: Int
  }

  /// What only ScanAdapt's adapters say.
  struct Origin: Codable, Equatable {
    static let metadataKey = "scanadapt.adapter"
    static let newestFormat = 1

    var format = newestFormat
    /// The network without the adapter.
    let backboneHash: ContentHash
    /// Of every normalization.
    let epsilons: [String: Float]
    /// The adapted model's, without a graph.
    let card: StoredCard
  }

  public let layers: [Layer]
  /// Values of layers that are replaced, by PyTorch's names.
  public let replaced: OrderedDictionary<ParameterID, Tensor>
  /// `num_batches_tracked` by the normalization's path.
  let batchesTracked: [String: Int64]
  let origin: Origin?
  /// Where it was read from, with its SHA-256; nil for one made here.
  let source: (file: String, hash: ContentHash)?

  init(
    layers: [Layer], replaced: OrderedDictionary<ParameterID, Tensor>, batchesTracked: [String: Int64], origin: Origin?,
    source: (file: String, hash: ContentHash)?
  ) {
    self.layers = layers
    self.replaced = replaced
    self.batchesTracked = batchesTracked
    self.origin = origin
    self.source = source
  }

  /// The adapter in a network that was trained with low-rank updates beside its layers; nil where it has none.
  ///
  /// - Parameters:
  ///   - adapted: unmerged.
  ///   - base: the network it started from. A head with other values than the base's goes along whole.
  public init?(in adapted: Model, startingFrom base: Model) {
    let updates = adapted.graph.lowRankUpdates
    guard !updates.isEmpty else { return nil }
    layers = updates.map { update in
      let groups = if case .convolution(let data)? = adapted.graph[update.layer]?.operation { data.groups } else { 1 }
      return Layer(
        path: update.layer, a: adapted.parameters[update.a], b: adapted.parameters[update.b], scale: Double(update.scale), groups: groups)
    }
    let normalizations = Set(adapted.graph.normalizations.map(\.name))
    let added = Set(updates.flatMap { [$0.a, $0.b] })
    let changed = adapted.parameters.ids.filter { id in
      !base.parameters.contains(id) || base.parameters.shape(of: id) != adapted.parameters.shape(of: id)
        || base.parameters[id] != adapted.parameters[id]
    }
    let whole = normalizations.union(changed.filter { !added.contains($0) }.map(\.path))
    var replaced: OrderedDictionary<ParameterID, Tensor> = [:]
    for id in adapted.parameters.ids where whole.contains(id.path) { replaced[id] = adapted.parameters[id] }
    self.replaced = replaced
    batchesTracked = adapted.parameters.batchesTracked
    let epsilons = adapted.graph.normalizations.map { ($0.name, $0.operation.epsilon) }
    origin = Origin(
      backboneHash: base.backboneHash, epsilons: Dictionary(uniqueKeysWithValues: epsilons), card: StoredCard(adapted.card, graph: nil))
    source = nil
  }
}
