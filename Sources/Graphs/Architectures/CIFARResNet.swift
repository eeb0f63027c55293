extension NetworkBuilder {
  /// The CIFAR ResNets of He et al. 2016, section 4.2, with the parameter-free shortcut (option A), as in
  /// akamaster/pytorch_resnet_cifar10: 6n + 2 layers for n blocks a stage.
  ///
  /// At 32×32: stages 16×32×32, 32×16×16, 64×8×8; features 64. The shortcut takes every second pixel and pads the channels with
  /// zeros, a quarter of the new count on each side.
  mutating func addCIFARResNet(blocksPerStage: Int) {
    addConvolution("conv1", outputs: 16, kernel: 3)
    addBatchNormalization("bn1")
    add("relu", .activation(.relu))
    for (stage, width) in [16, 32, 64].enumerated() {
      for block in 0..<blocksPerStage {
        addOptionABlock("layer\(stage + 1).\(block)", width: width, stride: stage > 0 && block == 0 ? 2 : 1)
      }
    }
    add("avgpool", .globalAveragePooling)
  }

  private mutating func addOptionABlock(_ block: String, width: Int, stride: Int) {
    let entry = last
    addConvolution("\(block).conv1", outputs: width, kernel: 3, stride: stride)
    addBatchNormalization("\(block).bn1")
    add("\(block).relu1", .activation(.relu))
    addConvolution("\(block).conv2", outputs: width, kernel: 3)
    addBatchNormalization("\(block).bn2")
    let residual = last
    var shortcut = entry
    if channels(of: entry) != width {
      let subsampling = SubsamplingOperator(stride: stride, channelsBefore: width / 4, channelsAfter: width / 4)
      shortcut = add("\(block).shortcut", .subsampling(subsampling), from: [entry])
    }
    add("\(block).add", .add, from: [residual, shortcut])
    add("\(block).relu", .activation(.relu))
  }
}
