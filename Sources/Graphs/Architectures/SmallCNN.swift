extension NetworkBuilder {
  /// A plain convolutional network with BatchNorm, for phantom cohorts and tests: four blocks of 3×3 convolution, BatchNorm and
  /// ReLU, halved by a maximum after the first three.
  ///
  /// At 64×64: 16×32×32, 32×16×16, 64×8×8, 64×8×8; features 64. About 65,000 parameters.
  mutating func addSmallCNN() {
    for (index, width) in [16, 32, 64, 64].enumerated() {
      let block = "block\(index + 1)"
      addConvolution("\(block).conv", outputs: width, kernel: 3)
      addBatchNormalization("\(block).bn")
      add("\(block).relu", .activation(.relu))
      if index < 3 { add("\(block).pool", .pooling(PoolingOperator(.maximum, kernel: 2, stride: 2))) }
    }
    add("avgpool", .globalAveragePooling)
  }
}
