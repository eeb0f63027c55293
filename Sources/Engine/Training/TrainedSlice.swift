import Graphs
import Tensors

/// The values of some parameters in training, with what the optimizer remembers of them: what is taken out of a training state and put
/// back when its turn comes again.
public struct TrainedSlice: Sendable {
  public var values: [ParameterID: Tensor]
  /// By slot, in PyTorch's names, for the same parameters; empty where the optimizer remembers nothing of them yet.
  public var slots: [String: [ParameterID: Tensor]]

  public init(values: [ParameterID: Tensor], slots: [String: [ParameterID: Tensor]] = [:]) {
    self.values = values
    self.slots = slots
  }
}

extension ParameterUpdate {
  /// What is remembered of these parameters.
  func slots(of ids: some Sequence<ParameterID>) -> [String: [ParameterID: Tensor]] {
    slots.mapValues { values in Dictionary(uniqueKeysWithValues: ids.map { ($0, values[$0]) }) }
  }

  /// Remembers this of them instead; nothing where a slot isn't given.
  mutating func setSlots(_ remembered: [String: [ParameterID: Tensor]], of ids: some Sequence<ParameterID>) {
    for name in slots.keys {
      for id in ids { slots[name]![id] = remembered[name]?[id] ?? Tensor(shape: slots[name]!.shape(of: id), repeating: 0) }
    }
  }
}
