import OrderedCollections
import Tensors

/// A network's values: every declared parameter in one 64-byte-aligned slab, copied on write, so that a copy is a snapshot.
///
/// Float32 in PyTorch's canonical order (OIHW for convolutions, `[out, in]` for linear layers). `num_batches_tracked` is kept
/// as Int64 apart from the slab, one per normalization that has stored statistics.
public struct Parameters: Sendable {
  private struct Slot: Sendable {
    let declaration: ParameterDeclaration
    let offset: Int
  }

  private var slots: OrderedDictionary<ParameterID, Slot> = [:]
  private var slab: AlignedStorage

  /// PyTorch's `num_batches_tracked` by the normalization's path; absent where the source file had none.
  public var batchesTracked: [String: Int64] = [:]

  /// Zeros for every declaration.
  public init(_ declarations: [ParameterDeclaration]) {
    var offset = 0
    for declaration in declarations {
      precondition(slots[declaration.id] == nil, "\(declaration.id) is declared twice")
      slots[declaration.id] = Slot(declaration: declaration, offset: offset)
      offset += (declaration.shape.count + 15) / 16 * 16
    }
    slab = AlignedStorage(repeating: 0, count: offset)
  }

  public var ids: [ParameterID] { Array(slots.keys) }
  public var declarations: [ParameterDeclaration] { slots.values.map(\.declaration) }
  public func contains(_ id: ParameterID) -> Bool { slots[id] != nil }
  public func shape(of id: ParameterID) -> Shape { slot(id).declaration.shape }
  public func role(of id: ParameterID) -> ParameterRole { slot(id).declaration.role }

  /// The values of one parameter. Traps on an ID that isn't declared or a shape that differs: both are our own mistakes.
  public subscript(id: ParameterID) -> Tensor {
    get { withValues(of: id) { Tensor(shape: shape(of: id), values: $0) } }
    set {
      precondition(newValue.shape == shape(of: id), "\(id) is \(shape(of: id)), not \(newValue.shape)")
      withMutableValues(of: id) { target in newValue.withUnsafeBuffer { _ = target.update(fromContentsOf: $0) } }
    }
  }

  public subscript(path: String, field: String) -> Tensor {
    get { self[ParameterID(path: path, field: field)] }
    set { self[ParameterID(path: path, field: field)] = newValue }
  }

  public func withValues<Result>(of id: ParameterID, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    let slot = slot(id)
    return try body(UnsafeBufferPointer(start: slab.pointer + slot.offset, count: slot.declaration.shape.count))
  }

  public mutating func withMutableValues<Result>(
    of id: ParameterID, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    if !isKnownUniquelyReferenced(&slab) { slab = slab.copy() }
    let slot = slot(id)
    return try body(UnsafeMutableBufferPointer(start: slab.pointer + slot.offset, count: slot.declaration.shape.count))
  }

  /// These values fitted to other declarations: kept where the ID and shape are the same, zero where they are new, dropped where
  /// they are no longer declared. What a graph rewrite needs.
  public func matching(_ declarations: [ParameterDeclaration]) -> Parameters {
    var result = self
    // Where only modes changed, nothing is copied.
    if declarations != self.declarations {
      result = Parameters(declarations)
      for declaration in declarations where contains(declaration.id) && shape(of: declaration.id) == declaration.shape {
        withValues(of: declaration.id) { source in
          result.withMutableValues(of: declaration.id) { _ = $0.update(fromContentsOf: source) }
        }
      }
    }
    let paths = Set(declarations.filter { $0.role == .buffer }.map(\.id.path))
    result.batchesTracked = batchesTracked.filter { paths.contains($0.key) }
    return result
  }

  private func slot(_ id: ParameterID) -> Slot {
    guard let slot = slots[id] else { preconditionFailure("\(id) isn't a parameter of this network") }
    return slot
  }
}
