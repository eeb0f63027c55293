import Graphs

extension PlanBuilder {
  /// Gives the inputs of a concatenation their place in its buffer before anybody writes them, so that nothing is copied.
  ///
  /// From the last concatenation to the first: the widest buffer of a dense block takes in every feature, and the earlier, narrower
  /// concatenations are prefixes of it. An input that leaves the graph, enters it, or would start off a block of eight channels is copied.
  mutating func placeConcatenations() {
    for concatenation in list.stages.reversed().compactMap({ $0 as? ConcatenationStage }) {
      if placeAsSlice(concatenation) { continue }
      let whole = home(of: concatenation.output)
      var first = 0
      for input in concatenation.inputs {
        let count = shape(of: input).channels
        if first % 8 == 0, homes[input] == nil, canMove(input) {
          place(input, at: whole.channels(first, count))
          books.shared.insert(whole.buffer)
        }
        first += count
      }
    }
  }

  private func canMove(_ value: String) -> Bool {
    !list.outputs.contains(value) && !list.stages.contains { $0 is InputStage && $0.output == value }
  }

  /// Where all inputs stand side by side in one buffer already, the concatenation is that slice.
  private mutating func placeAsSlice(_ concatenation: ConcatenationStage) -> Bool {
    guard homes[concatenation.output] == nil, canMove(concatenation.output),
      let start = concatenation.inputs.first.flatMap({ homes[$0] })
    else { return false }
    var next = start.channelOffset
    for input in concatenation.inputs {
      guard let part = homes[input], part.buffer == start.buffer, part.channelOffset == next else { return false }
      next += part.shape.channels
    }
    place(
      concatenation.output,
      at: MapReference(
        start.buffer, shape(of: concatenation.output), pixelStride: start.pixelStride, channelOffset: start.channelOffset))
    return true
  }
}
