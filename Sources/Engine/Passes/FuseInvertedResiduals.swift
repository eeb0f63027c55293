import CKernels

extension StageList {
  /// At inference the expansion, depthwise convolution and projection of an inverted residual run as one on bands of rows that stay in
  /// cache: the wide maps between them never reach memory.
  ///
  /// Not where they are small enough to stay in cache anyway, nor where something trains or somebody else reads a map in between.
  mutating func fuseInvertedResiduals() {
    guard trainable.isEmpty else { return }
    for case let projection as ConvolutionStage in stages {
      let (readers, producers) = (readers, producers)
      func before(_ stage: ConvolutionStage) -> ConvolutionStage? {
        guard readers[stage.input]?.count == 1, !isKept(stage.input), let position = producers[stage.input] else { return nil }
        return (stages[position] as? ConvolutionStage).flatMap { $0.residual == nil ? $0 : nil }
      }
      guard let depthwise = before(projection), depthwise.kernelPlan.algorithm == SA_CONV_DEPTHWISE else { continue }
      let expansion = before(depthwise)
      guard let fused = [expansion, nil].lazy.compactMap({ InvertedResidualStage($0, depthwise, projection) }).first else { continue }
      stages[producers[projection.output]!] = fused
      let taken = Set([fused.expansion?.output, depthwise.output].compactMap(\.self))
      stages.removeAll { taken.contains($0.output) }
    }
  }
}

extension ConvolutionStage {
  fileprivate var kernelPlan: sa_conv_plan { kernelPlan(SA_CONV_FORWARD, sa_best_instruction_set()) }

  /// Whether it is a convolution with a scale, shift and activation, and no more.
  fileprivate var isFolded: Bool { prologue == nil && !takesMoments }
}

extension InvertedResidualStage {
  /// Fewer bytes than this between the convolutions of one image stay in the second-level cache by themselves.
  private static let leastBytes = 256 << 10

  /// Nil where they can't run as one, or needn't.
  fileprivate init?(_ expansion: ConvolutionStage?, _ depthwise: ConvolutionStage, _ projection: ConvolutionStage) {
    guard depthwise.isFolded, projection.isFolded, expansion?.isFolded != false else { return nil }
    let middle = depthwise.kernelPlan
    let sizes = middle.geometry
    guard 4 * sizes.groups * sizes.input_height * sizes.input_width >= Self.leastBytes else { return nil }
    if var first = expansion?.kernelPlan {
      guard sa_inverted_residual_fits(&first, middle, projection.kernelPlan) else { return nil }
    } else {
      guard sa_inverted_residual_fits(nil, middle, projection.kernelPlan) else { return nil }
    }
    self.init(expansion: expansion, depthwise: depthwise, projection: projection)
  }
}
