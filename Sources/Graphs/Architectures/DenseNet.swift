extension NetworkBuilder {
  /// torchvision's DenseNet with growth 32 and bottlenecks of 128. Huang, Liu, van der Maaten, Weinberger: "Densely Connected
  /// Convolutional Networks", CVPR 2017.
  ///
  /// At 224×224 (121): stem 64×56×56; blocks end at 256×56×56, 512×28×28, 1024×14×14, 1024×7×7; features 1024.
  mutating func addDenseNet(layersPerBlock: [Int]) {
    let growth = 32
    addConvolution("features.conv0", outputs: 64, kernel: 7, stride: 2)
    addBatchNormalization("features.norm0")
    add("features.relu0", .activation(.relu))
    add("features.pool0", .pooling(PoolingOperator(.maximum, kernel: 3, stride: 2, padding: 1)))
    for (index, count) in layersPerBlock.enumerated() {
      addDenseBlock("features.denseblock\(index + 1)", layers: count, growth: growth)
      if index < layersPerBlock.count - 1 { addTransition("features.transition\(index + 1)") }
    }
    addBatchNormalization("features.norm5")
    add("relu", .activation(.relu))
    add("avgpool", .globalAveragePooling)
  }

  /// Each layer reads the channels of all before it; what leaves the block is all of them.
  private mutating func addDenseBlock(_ block: String, layers: Int, growth: Int) {
    var produced = [last]
    for index in 1...layers {
      let layer = "\(block).denselayer\(index)"
      if produced.count > 1 { add("\(layer).concat", .concatenation, from: produced) }
      addBatchNormalization("\(layer).norm1")
      add("\(layer).relu1", .activation(.relu))
      addConvolution("\(layer).conv1", outputs: 4 * growth, kernel: 1)
      addBatchNormalization("\(layer).norm2")
      add("\(layer).relu2", .activation(.relu))
      addConvolution("\(layer).conv2", outputs: growth, kernel: 3)
      produced.append(last)
    }
    add("\(block).concat", .concatenation, from: produced)
  }

  private mutating func addTransition(_ path: String) {
    addBatchNormalization("\(path).norm")
    add("\(path).relu", .activation(.relu))
    addConvolution("\(path).conv", outputs: channels(of: last) / 2, kernel: 1)
    add("\(path).pool", .pooling(PoolingOperator(.average, kernel: 2, stride: 2)))
  }
}
