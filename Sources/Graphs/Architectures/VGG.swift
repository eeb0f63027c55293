extension NetworkBuilder {
  /// torchvision's VGG with BatchNorm. Simonyan and Zisserman: "Very Deep Convolutional Networks for Large-Scale Image Recognition",
  /// ICLR 2015. Layers are numbered through: convolution with bias, normalization, ReLU, and a maximum after each group of `widths`.
  ///
  /// At 224×224 (the only extent: its adaptive pooling to 7×7 is the identity there): 64×112×112, 128×56×56, 256×28×28, 512×14×14,
  /// 512×7×7; features 25,088.
  mutating func addVGG(widths: [[Int]]) {
    var index = 0
    for group in widths {
      for width in group {
        addConvolution("features.\(index)", outputs: width, kernel: 3, hasBias: true)
        addBatchNormalization("features.\(index + 1)")
        add("features.\(index + 2)", .activation(.relu))
        index += 3
      }
      add("features.\(index)", .pooling(PoolingOperator(.maximum, kernel: 2, stride: 2)))
      index += 1
    }
    addFlatten("flatten", height: 7, width: 7)
  }
}
