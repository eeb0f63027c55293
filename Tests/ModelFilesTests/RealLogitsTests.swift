import Engine
import Foundation
import Graphs
import Imaging
import ModelFiles
import Tensors
import Testing

private struct Photographs: Decodable {
  /// Index, name, logit.
  let top5: [[Entry]]
  let logitSum: Double
  let first8: [Float]

  private enum CodingKeys: String, CodingKey {
    case top5, first8
    case logitSum = "logit_sum"
  }

  enum Entry: Decodable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) { self = .number(number) } else { self = .text(try container.decode(String.self)) }
    }

    var value: Double? { if case .number(let value) = self { value } else { nil } }
  }
}

private struct CIFAR: Decodable {
  let inputs: [String]
  let logits: [[Float]]
}

private struct References: Decodable {
  let photographs: [String: Photographs]
  let resnet20: CIFAR

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    resnet20 = try container.decode(CIFAR.self, forKey: Key(stringValue: "resnet20"))
    photographs = Dictionary(
      uniqueKeysWithValues: try container.allKeys.filter { $0.stringValue.contains("/") }
        .map { ($0.stringValue, try container.decode(Photographs.self, forKey: $0)) })
  }
}

@Suite("Logits of the real weight files are PyTorch's, within 1e-4 of the largest", .enabled(if: SharedData.isPresent, SharedData.absence))
struct RealLogitsTests {
  private func references() throws -> References {
    try JSONDecoder().decode(References.self, from: Data(contentsOf: URL(filePath: SharedData.weights("reference_outputs.json"))))
  }

  private func logits(of model: Model, _ paths: [String]) throws -> [[Float]] {
    let images = try paths.map { try model.card.preprocessing.apply(to: PNGReader.decode(contentsOf: $0)) }
    let batch = Tensor(shape: Shape([images.count] + images[0].shape.dimensions), values: images.flatMap(\.values))
    return try Executor(graph: model.graph, parameters: model.parameters, inputs: model.inputs).run([model.input: FeatureMaps(batch)])
      .outputs[model.logits]!.rows
  }

  @Test(
    "MobileNetV2 and EfficientNet-Lite0 on two photographs",
    arguments: [
      ("mobilenet_v2", "mobilenet_v2-b0353104.pth", "imagenet224"),
      ("efficientnet_lite0", "efficientnet-lite0-57934424.pth", "crop=224 channels=3 mean=0.498 std=0.502"),
    ])
  func photographs(_ name: String, _ file: String, _ specification: String) throws {
    let options = ModelLoadingOptions(
      labels: (0..<1000).map { "class \($0)" }, preprocessing: try Preprocessing(specification: specification))
    let model = try ModelLoader.load(SharedData.weights(file), options: options).model
    let references = try references()
    for photograph in ["chelsea", "coffee"] {
      let logits = try logits(of: model, [SharedData.weights("ref_input_\(photograph)224.png")])[0]
      let reference = try #require(references.photographs["\(name)/\(photograph)"])
      let tolerance = 1e-4 * abs(Double(logits.max()!))
      for (found, expected) in zip(logits, reference.first8) { #expect(abs(Double(found - expected)) <= tolerance) }
      for entry in reference.top5 {
        let index = Int(try #require(entry[0].value))
        // The reference is rounded to four decimals.
        #expect(abs(Double(logits[index]) - (try #require(entry[2].value))) <= tolerance + 5e-5)
      }
      #expect(abs(logits.map(Double.init).reduce(0, +) - reference.logitSum) <= 1000 * tolerance)
    }
  }

  @Test(
    "ResNet-20 on four CIFAR images, from each form of the file",
    arguments: ["resnet20-12fca82f.th", "derived/resnet20_zip.pth", "derived/resnet20_legacy.pth", "derived/resnet20.safetensors"])
  func cifar(_ file: String) throws {
    let options = ModelLoadingOptions(labels: (0..<10).map { "class \($0)" }, preprocessing: try Preprocessing(specification: "cifar10"))
    let model = try ModelLoader.load(SharedData.weights(file), options: options).model
    let reference = try references().resnet20
    let paths = reference.inputs.map { SharedData.folder.appending(path: "data/cifar10/train_lossless/\($0)").path(percentEncoded: false) }
    for (found, expected) in zip(try logits(of: model, paths), reference.logits) {
      let tolerance = 1e-4 * expected.map(abs).max()!
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= tolerance) }
    }
  }
}
