extension NetworkBuilder {
  /// torchvision's ResNet. He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", CVPR 2016; the bottleneck's stride
  /// is in its 3×3 convolution ("ResNet v1.5").
  ///
  /// At 224×224: stem 64×112×112, pooled 64×56×56; stages 64×56×56, 128×28×28, 256×14×14, 512×7×7 (bottleneck: four times the
  /// channels); features 512 or 2048.
  mutating func addResNet(blocks: [Int], bottleneck: Bool) {
    addConvolution("conv1", outputs: 64, kernel: 7, stride: 2)
    addBatchNormalization("bn1")
    add("relu", .activation(.relu))
    add("maxpool", .pooling(PoolingOperator(.maximum, kernel: 3, stride: 2, padding: 1)))
    for (stage, count) in blocks.enumerated() {
      let width = 64 << stage
      for block in 0..<count {
        addResidualBlock("layer\(stage + 1).\(block)", width: width, stride: stage > 0 && block == 0 ? 2 : 1, bottleneck: bottleneck)
      }
    }
    add("avgpool", .globalAveragePooling)
  }

  private mutating func addResidualBlock(_ block: String, width: Int, stride: Int, bottleneck: Bool) {
    let entry = last
    let outputs = bottleneck ? 4 * width : width
    // (kernel, outputs, stride) of each convolution on the residual path.
    let convolutions =
      bottleneck ? [(1, width, 1), (3, width, stride), (1, outputs, 1)] : [(3, width, stride), (3, width, 1)]
    for (index, (kernel, width, stride)) in convolutions.enumerated() {
      addConvolution("\(block).conv\(index + 1)", outputs: width, kernel: kernel, stride: stride)
      addBatchNormalization("\(block).bn\(index + 1)")
      if index < convolutions.count - 1 { add("\(block).relu\(index + 1)", .activation(.relu)) }
    }
    let residual = last
    var shortcut = entry
    if stride > 1 || channels(of: entry) != outputs {
      addConvolution("\(block).downsample.0", outputs: outputs, kernel: 1, stride: stride, from: entry)
      addBatchNormalization("\(block).downsample.1")
      shortcut = last
    }
    add("\(block).add", .add, from: [residual, shortcut])
    add("\(block).relu", .activation(.relu))
  }
}
