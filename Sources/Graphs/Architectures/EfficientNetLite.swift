extension NetworkBuilder {
  /// EfficientNet-Lite0: EfficientNet (Tan and Le, ICML 2019) without squeeze-and-excitation, with ReLU6 and fixed stem and head
  /// (Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog 2020). Key names of lukemelas' EfficientNet-PyTorch.
  ///
  /// At 224×224: stem 32×112×112; 16 blocks down to 320×7×7; 1280×7×7; features 1280. Strided convolutions carry TensorFlow's
  /// "same" padding of a 224-pixel image, one pixel less above and left than below and right, at every image size, as the published
  /// PyTorch module does (`Conv2dStaticSamePadding` of efficientnet-lite-pytorch 0.1.0). Padding that follows an odd extent would differ.
  mutating func addEfficientNetLite0() {
    addSamePaddedConvolution("_conv_stem", outputs: 32, kernel: 3, stride: 2)
    addBatchNormalization("_bn0")
    add("_relu0", .activation(.relu6))
    // Kernel, stride of the first, expansion, output channels, repeats.
    let table = [
      (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1),
    ]
    var index = 0
    for (kernel, stride, expansion, outputs, repeats) in table {
      for position in 0..<repeats {
        addMobileBlock("_blocks.\(index)", kernel: kernel, stride: position == 0 ? stride : 1, expansion: expansion, outputs: outputs)
        index += 1
      }
    }
    addConvolution("_conv_head", outputs: 1280, kernel: 1)
    addBatchNormalization("_bn1")
    add("_relu1", .activation(.relu6))
    add("_avg_pooling", .globalAveragePooling)
  }

  private mutating func addMobileBlock(_ block: String, kernel: Int, stride: Int, expansion: Int, outputs: Int) {
    let entry = last
    let hidden = channels(of: entry) * expansion
    if expansion != 1 {
      addConvolution("\(block)._expand_conv", outputs: hidden, kernel: 1)
      addBatchNormalization("\(block)._bn0")
      add("\(block)._relu0", .activation(.relu6))
    }
    addSamePaddedConvolution("\(block)._depthwise_conv", outputs: hidden, kernel: kernel, stride: stride, depthwise: true)
    addBatchNormalization("\(block)._bn1")
    add("\(block)._relu1", .activation(.relu6))
    addConvolution("\(block)._project_conv", outputs: outputs, kernel: 1)
    addBatchNormalization("\(block)._bn2")
    if stride == 1 && channels(of: entry) == outputs { add("\(block).add", .add, from: [last, entry]) }
  }

  private mutating func addSamePaddedConvolution(_ name: String, outputs: Int, kernel: Int, stride: Int, depthwise: Bool = false) {
    let total = kernel - stride
    let padding = Padding(top: total / 2, left: total / 2, bottom: total - total / 2, right: total - total / 2)
    let inputs = channels(of: last)
    add(
      name,
      .convolution(
        ConvolutionOperator(
          inputChannels: inputs, outputChannels: outputs, kernelHeight: kernel, kernelWidth: kernel, stride: stride, padding: padding,
          groups: depthwise ? inputs : 1)))
  }
}
