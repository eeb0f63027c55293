import Cohorts
import Engine
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Normalization
import Tensors
import Testing

/// Real images under real corruptions and a real network, beside PyTorch on exactly these images (`tools/golden/normalization_cifar10.py`).
@Suite("Corrupted CIFAR-10 with ResNet-20", .enabled(if: CIFAR10.folder != nil, "../shared/data is absent"))
struct CIFAR10Tests {
  /// Two sets always; all of them where SCANADAPT_ALL is set.
  static let sets =
    ProcessInfo.processInfo.environment["SCANADAPT_ALL"] == nil
    ? ["clean_first_500", "contrast"]
    : [
      "clean_first_500", "clean", "brightness", "contrast", "defocus_blur", "gaussian_noise", "impulse_noise", "jpeg_compression",
      "pixelate", "shot_noise",
    ]

  @Test("Accuracy before and after recalibration is PyTorch's within 0.5 points", arguments: sets)
  func accuracy(_ set: String) throws {
    let data = try CIFAR10(set)
    let expected = try #require(CIFAR10.golden().sets[set])
    #expect(data.labels.count == expected.count)
    let tolerance = 0.005 * Double(expected.count)
    let source = try data.correct(data.model.parameters)
    let (recalibrated, layers, _, forwardPasses) = try Recalibration().run(on: data.model, images: data.images)
    let target = try data.correct(recalibrated)
    #expect(abs(Double(source - expected.source)) <= tolerance, "source \(source), PyTorch \(expected.source)")
    #expect(abs(Double(target - expected.layerSequential)) <= tolerance, "recalibrated \(target), PyTorch \(expected.layerSequential)")
    #expect(layers.count == 19 && forwardPasses <= 1)
    if set.hasPrefix("clean") { #expect(target < source, "taking statistics anew hurts on clean images") }
    if CIFAR10Tests.sets.count > 2 {
      let (onePass, _, _, _) = try Recalibration(method: .onePass(batchSize: 200)).run(on: data.model, images: data.images)
      print(
        "\(set): n \(expected.count); source \(source) (\(expected.source)); layer-sequential \(target) (\(expected.layerSequential)); "
          + "one-pass 200 \(try data.correct(onePass)) (\(expected.onePass200))")
    }
  }
}

struct CIFAR10 {
  struct Golden: Decodable {
    struct Counts: Decodable {
      let count: Int
      let source: Int
      let layerSequential: Int
      let onePass200: Int
    }

    let sets: [String: Counts]
  }

  static var root: URL { URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized }

  static var folder: URL? {
    let shared = ProcessInfo.processInfo.environment["SCANADAPT_SHARED"].map { URL(filePath: $0) } ?? root.appending(path: "../shared")
    let folder = shared.appending(path: "data")
    return FileManager.default.fileExists(atPath: folder.appending(path: "cifar10/manifest.csv").path) ? folder : nil
  }

  static func golden() throws -> Golden {
    try JSONDecoder().decode(Golden.self, from: Data(contentsOf: root.appending(path: "Fixtures/golden/normalization/cifar10.json")))
  }

  let model: Model
  let images: StatisticsImages
  let labels: [Int]
  private let maps: FeatureMaps

  init(_ set: String) throws {
    let folder = Self.folder!
    let classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    let preprocessing = Preprocessing(channels: 3, mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
    let card = ModelCard(
      architecture: .cifarResNet20, labels: classes, preprocessing: preprocessing,
      inputShape: FeatureShape(channels: 3, height: 32, width: 32))
    let graph = Architecture.cifarResNet20.graph(inputChannels: 3, classes: 10)
    var parameters = Parameters(graph.parameters)
    let weights = try SafetensorsFile(contentsOf: Self.weights(in: folder.appending(path: "weights/derived")))
    for id in parameters.ids { parameters[id] = weights.tensors["\(id)"]!.decodedTensor() }
    model = try Model(graph: graph, parameters: parameters, card: card)

    let scanner = set.hasPrefix("clean") ? "clean" : set
    var names: [(path: String, label: String)] = []
    for line in try String(contentsOf: folder.appending(path: "cifar10/manifest.csv"), encoding: .utf8).split(whereSeparator: \.isNewline)
      .dropFirst()
    {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if cells[2] == scanner { names.append((cells[0], cells[3])) }
    }
    names.sort { $0.path < $1.path }
    if set == "clean_first_500" { names = Array(names.prefix(500)) }
    var values: [Float] = []
    var scans: [StatisticsImages.Scan] = []
    for (path, _) in names {
      let bytes = try FileContents.read(folder.appending(path: "cifar10/\(path)").path)
      values += try preprocessing.apply(to: PNGReader.decode(bytes: bytes)).values
      scans.append(StatisticsImages.Scan(id: ScanID(path), patient: PatientID(path), contentHash: ContentHash(of: bytes)))
    }
    maps = FeatureMaps(Tensor(shape: [names.count, 3, 32, 32], values: values))
    images = StatisticsImages(maps, scans: scans)
    labels = names.map { classes.firstIndex(of: $0.label)! }
  }

  private static func weights(in folder: URL) throws -> String {
    let name = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().first { $0.hasSuffix(".safetensors") }
    return folder.appending(path: name ?? "missing.safetensors").path
  }

  func correct(_ parameters: Parameters) throws -> Int {
    let executor = try Executor(graph: model.graph, parameters: parameters, input: maps.shape)
    var count = 0
    for start in stride(from: 0, to: maps.count, by: 50) {
      let range = start..<min(start + 50, maps.count)
      for (row, label) in zip(try executor(maps.items(range)).rows, labels[range]) where row.firstIndex(of: row.max()!) == label {
        count += 1
      }
    }
    return count
  }
}
