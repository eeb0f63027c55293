/// A published network by its stable name: what `--architecture` takes and a model card stores.
///
/// Node names are the state-dict paths of the named source, so that its weight files load by name. Nodes without parameters get a
/// name beside their neighbours (`layer1.0.relu1`, `layer1.0.add`); the last node of a residual block is `<block>.relu` or `<block>.add`.
public enum Architecture: String, Hashable, Sendable, Codable, CaseIterable {
  /// torchvision's ResNets (He et al. 2016), stride in the 3×3 convolution.
  case resnet18, resnet34, resnet50
  /// torchvision's MobileNetV2 (Sandler et al. 2018).
  case mobileNetV2 = "mobilenet_v2"
  /// akamaster's CIFAR ResNets with the parameter-free shortcut (He et al. 2016, section 4.2).
  case cifarResNet20 = "cifar_resnet20"
  case cifarResNet32 = "cifar_resnet32"
  case cifarResNet56 = "cifar_resnet56"
  /// Four convolutions with BatchNorm; small enough to train on a phantom cohort in a minute.
  case smallCNN = "small_cnn"
  /// torchvision's DenseNet-121 (Huang et al. 2017).
  case denseNet121 = "densenet121"
  /// EfficientNet-Lite0 with TensorFlow's padding (Tan and Le 2019; Liu 2020).
  case efficientNetLite0 = "efficientnet_lite0"
  /// torchvision's VGG with BatchNorm (Simonyan and Zisserman 2015); 224×224 inputs only.
  case vgg11BN = "vgg11_bn"
  case vgg16BN = "vgg16_bn"

  /// The state-dict path of the head, after which nothing comes.
  public var headPath: String {
    switch self {
    case .resnet18, .resnet34, .resnet50, .smallCNN: "fc"
    case .cifarResNet20, .cifarResNet32, .cifarResNet56: "linear"
    case .mobileNetV2, .denseNet121, .vgg11BN, .vgg16BN: "classifier"
    case .efficientNetLite0: "_fc"
    }
  }

  /// The head the published network has, for another number of classes.
  public func standardHead(classes: Int) -> Head {
    switch self {
    case .mobileNetV2: .sequential([.dropout(probability: 0.2), .linear(outputs: classes)])
    case .vgg11BN, .vgg16BN:
      .sequential([
        .linear(outputs: 4096), .relu, .dropout(probability: 0.5), .linear(outputs: 4096), .relu, .dropout(probability: 0.5),
        .linear(outputs: classes),
      ])
    default: .linear(outputs: classes)
    }
  }

  /// The state-dict path of the convolution that reads the image; its weight tells how many channels that has.
  public var stemPath: String {
    switch self {
    case .resnet18, .resnet34, .resnet50, .cifarResNet20, .cifarResNet32, .cifarResNet56: "conv1"
    case .mobileNetV2: "features.0.0"
    case .smallCNN: "block1.conv"
    case .denseNet121: "features.conv0"
    case .efficientNetLite0: "_conv_stem"
    case .vgg11BN, .vgg16BN: "features.0"
    }
  }

  /// The epsilon of the published network's normalizations.
  public var epsilon: Float { self == .efficientNetLite0 ? 1e-3 : 1e-5 }

  /// The network as a graph with one input, `input`, and one output, the logits.
  /// - Parameters:
  ///   - inputChannels: the channels of an image.
  ///   - head: what follows the feature vector; its last layer's outputs are the classes.
  ///   - epsilon: of every normalization, the published one unless given.
  public func graph(inputChannels: Int = 3, head: Head, epsilon: Float? = nil) -> Graph {
    var builder = NetworkBuilder(inputChannels: inputChannels, epsilon: epsilon ?? self.epsilon)
    switch self {
    case .resnet18: builder.addResNet(blocks: [2, 2, 2, 2], bottleneck: false)
    case .resnet34: builder.addResNet(blocks: [3, 4, 6, 3], bottleneck: false)
    case .resnet50: builder.addResNet(blocks: [3, 4, 6, 3], bottleneck: true)
    case .mobileNetV2: builder.addMobileNetV2()
    case .cifarResNet20: builder.addCIFARResNet(blocksPerStage: 3)
    case .cifarResNet32: builder.addCIFARResNet(blocksPerStage: 5)
    case .cifarResNet56: builder.addCIFARResNet(blocksPerStage: 9)
    case .smallCNN: builder.addSmallCNN()
    case .denseNet121: builder.addDenseNet(layersPerBlock: [6, 12, 24, 16])
    case .efficientNetLite0: builder.addEfficientNetLite0()
    case .vgg11BN: builder.addVGG(widths: [[64], [128], [256, 256], [512, 512], [512, 512]])
    case .vgg16BN: builder.addVGG(widths: [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]])
    }
    let features = builder.last
    if self == .efficientNetLite0 { builder.add("_dropout", .dropout(DropoutOperator(probability: 0.2))) }
    builder.addHead(head, at: headPath)
    return builder.graph(features: features)
  }

  /// The network with its published head for `classes` classes.
  public func graph(inputChannels: Int = 3, classes: Int) -> Graph {
    graph(inputChannels: inputChannels, head: standardHead(classes: classes))
  }
}
