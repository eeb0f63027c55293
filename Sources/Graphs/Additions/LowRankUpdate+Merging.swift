import Tensors

extension LowRankUpdate {
  /// The layer's weight with the update in it, `W[o,i,:,:] + s sum_r B[o,r] A[r,i,:,:]`, summed in Double and rounded once.
  ///
  /// - Parameters:
  ///   - weight: [O, I/groups, kh, kw] or [out, in].
  ///   - a: [rank, I/groups, kh, kw] or [rank, in].
  ///   - b: [O, rank/groups, 1, 1] or [out, rank]. Output `o` of group `g` has the rank's part `g`.
  ///   - groups: 1 for a linear layer.
  public static func merged(weight: Tensor, a: Tensor, b: Tensor, scale: Double, groups: Int = 1) -> Tensor {
    let outputs = weight.shape[0]
    let length = weight.count / max(outputs, 1)
    let rank = a.shape[0] / groups
    precondition(
      a.count == a.shape[0] * length && b.count == outputs * rank,
      "A \(a.shape) and B \(b.shape) don't make a weight of \(weight.shape) in \(groups) groups")
    let (old, a, b) = (weight.values, a.values, b.values)
    var sum = [Double](repeating: 0, count: length)
    return Tensor(shape: weight.shape) { merged in
      for output in 0..<outputs {
        for index in 0..<length { sum[index] = 0 }
        let first = output / (outputs / groups) * rank
        for position in 0..<rank {
          let factor = Double(b[output * rank + position])
          let row = (first + position) * length
          for index in 0..<length { sum[index] += factor * Double(a[row + index]) }
        }
        for index in 0..<length { merged[output * length + index] = Float(Double(old[output * length + index]) + scale * sum[index]) }
      }
    }
  }
}

extension Graph {
  /// The network with every low-rank update folded into its layer: the graph as it was before them, and its values.
  public func mergingLowRankUpdates(in parameters: Parameters) throws(GraphError) -> (graph: Graph, parameters: Parameters) {
    var graph = self
    var values = parameters
    for update in lowRankUpdates {
      let groups = if case .convolution(let data)? = self[update.layer]?.operation { data.groups } else { 1 }
      values[update.layer, "weight"] = LowRankUpdate.merged(
        weight: values[update.layer, "weight"], a: values[update.a], b: values[update.b], scale: Double(update.scale), groups: groups)
      graph = try graph.removing(update.nodeNames, after: update.layer)
    }
    return (graph, values.matching(graph.parameters))
  }
}
