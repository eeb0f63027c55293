extension NetworkBuilder {
  /// torchvision's MobileNetV2 at width 1. Sandler, Howard, Zhu, Zhmoginov, Chen: "MobileNetV2: Inverted Residuals and Linear
  /// Bottlenecks", CVPR 2018.
  ///
  /// At 224×224: stem 32×112×112; 17 inverted residuals down to 320×7×7; 1280×7×7; features 1280.
  mutating func addMobileNetV2() {
    addConvolutionNormRelu6("features.0", outputs: 32, kernel: 3, stride: 2)
    // Table 2 of the paper: expansion, output channels, repeats, stride of the first.
    let table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    var index = 1
    for (expansion, outputs, repeats, stride) in table {
      for position in 0..<repeats {
        addInvertedResidual("features.\(index)", expansion: expansion, outputs: outputs, stride: position == 0 ? stride : 1)
        index += 1
      }
    }
    addConvolutionNormRelu6("features.\(index)", outputs: 1280, kernel: 1)
    add("avgpool", .globalAveragePooling)
  }

  private mutating func addInvertedResidual(_ block: String, expansion: Int, outputs: Int, stride: Int) {
    let entry = last
    let hidden = channels(of: entry) * expansion
    var position = 0
    if expansion != 1 {
      addConvolutionNormRelu6("\(block).conv.0", outputs: hidden, kernel: 1)
      position = 1
    }
    addConvolutionNormRelu6("\(block).conv.\(position)", outputs: hidden, kernel: 3, stride: stride, depthwise: true)
    addConvolution("\(block).conv.\(position + 1)", outputs: outputs, kernel: 1)
    addBatchNormalization("\(block).conv.\(position + 2)")
    if stride == 1 && channels(of: entry) == outputs { add("\(block).add", .add, from: [last, entry]) }
  }

  /// torchvision's `Conv2dNormActivation`: `.0` convolution, `.1` normalization, `.2` ReLU6.
  private mutating func addConvolutionNormRelu6(_ path: String, outputs: Int, kernel: Int, stride: Int = 1, depthwise: Bool = false) {
    addConvolution("\(path).0", outputs: outputs, kernel: kernel, stride: stride, depthwise: depthwise)
    addBatchNormalization("\(path).1")
    add("\(path).2", .activation(.relu6))
  }
}
