import CKernels
import Graphs

/// What is known, while the backward steps are emitted, about which gradients exist and where they are.
struct GradientBooks {
  /// The gradient buffer beside each forward buffer.
  fileprivate var beside: [BufferID: BufferID] = [:]
  /// Gradients that were handed over: they are in another value's place.
  fileprivate var handedOver: [String: MapReference] = [:]
  /// By gradient buffer, which blocks of eight channels have a contribution.
  fileprivate var written: [BufferID: [Bool]] = [:]
  /// Values that something trainable stands at or above.
  fileprivate var needed: Set<String> = []
  /// Forward buffers that backward steps read.
  fileprivate var readBackward: Set<BufferID> = []
  /// Buffers that hold several values side by side.
  var shared: Set<BufferID> = []
  /// What is still to be added to gradients that several normalizations contribute to.
  fileprivate var corrections: [GradientCorrection] = []
}

extension PlanBuilder {
  /// Finds the values that need a gradient: below them nothing trains, and no step is spent there.
  mutating func findNeededGradients() {
    for stage in list.stages
    where stage.inputs.contains(where: books.needed.contains) || stage.parameters.contains(where: list.trainable.contains) {
      books.needed.insert(stage.output)
    }
  }

  func needsGradient(_ value: String) -> Bool { books.needed.contains(value) }
  func trains(_ id: ParameterID) -> Bool { list.trainable.contains(id) }

  /// Whether a value is kept for the backward pass anyway, by the steps emitted so far.
  mutating func isReadBackward(_ value: String) -> Bool { books.readBackward.contains(home(of: value).buffer) }

  mutating func emitBackward(_ step: some Step) {
    books.readBackward.formUnion(step.reads)
    emit(step)
  }

  /// The finished gradient of `value`, all later readers having contributed; nil where none did.
  mutating func gradient(of value: String) -> MapReference? {
    guard let place = collectedGradient(of: value) else { return nil }
    emitCorrections(to: place, of: home(of: value), node: value)
    return place
  }

  /// The same with what has been postponed still missing: for a concatenation, whose inputs' gradients stand where they are and may get
  /// further contributions.
  mutating func collectedGradient(of value: String) -> MapReference? {
    if let place = books.handedOver[value] { return place }
    let place = gradientHome(of: value)
    let written = books.written[place.buffer]!
    guard place.blocks.contains(where: { written[$0] }) else { return nil }
    clearUnwritten(place, node: value)
    return place
  }

  /// Where a contribution to the gradient of `value` goes, and whether it is the first.
  mutating func contribution(to value: String) -> (place: MapReference, mode: sa_write_mode) {
    if let place = books.handedOver[value] { return (place, SA_ACCUMULATES) }
    let place = gradientHome(of: value)
    let written = books.written[place.buffer]!
    if place.blocks.contains(where: { written[$0] }) {
      clearUnwritten(place, node: value)
      return (place, SA_ACCUMULATES)
    }
    for block in place.blocks { books.written[place.buffer]![block] = true }
    return (place, SA_WRITES)
  }

  /// Whether `gradient`, no longer needed by its owner, may become the gradient of `value` where it stands.
  mutating func canHandOver(to value: String) -> Bool {
    let home = home(of: value)
    guard books.handedOver[value] == nil, !books.shared.contains(home.buffer) else { return false }
    guard let beside = books.beside[home.buffer] else { return true }
    return !books.written[beside]!.contains(true)
  }

  /// Whether the gradient of `value` stands among others', so that it's worth correcting once what many have contributed to.
  mutating func sharesGradient(_ value: String) -> Bool { books.shared.contains(home(of: value).buffer) }

  mutating func postpone(_ correction: GradientCorrection) { books.corrections.append(correction) }

  /// Adds what was postponed to the gradient at `place` of the values at `input`.
  mutating func emitCorrections(to place: MapReference, of input: MapReference, node: String) {
    let terms = books.corrections.compactMap { $0.part(at: place) }
    guard !terms.isEmpty else { return }
    books.corrections = books.corrections.flatMap { $0.without(place) }
    emitBackward(GradientCorrectionStep(node: node, place: place, input: input, terms: terms, images: images))
  }

  mutating func handOver(_ gradient: MapReference, to value: String) { books.handedOver[value] = gradient }

  private mutating func gradientHome(of value: String) -> MapReference {
    let home = home(of: value)
    if let known = books.beside[home.buffer] { return home.moved(to: known) }
    let beside = buffer(bytes: buffers[home.buffer.index].byteCount)
    books.beside[home.buffer] = beside
    books.written[beside] = [Bool](repeating: false, count: home.pixelStride / 8)
    return home.moved(to: beside)
  }

  private mutating func clearUnwritten(_ place: MapReference, node: String) {
    for block in place.blocks where !books.written[place.buffer]![block] {
      emit(ClearStep(node: node, map: place.moved(to: place.buffer).block(block), images: images))
      books.written[place.buffer]![block] = true
    }
  }
}

extension MapReference {
  /// One block of eight channels, counted within the buffer's pixel.
  fileprivate func block(_ index: Int) -> MapReference {
    MapReference(
      buffer, FeatureShape(channels: 8, height: shape.height, width: shape.width), pixelStride: pixelStride, channelOffset: index * 8)
  }
}
