import Foundation
import Graphs
import Imaging
import ModelFiles
import Testing

@Suite("Real weight files", .enabled(if: SharedData.isPresent, SharedData.absence))
struct RealWeightsTests {
  private static let cifarLabels = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

  private func cifarOptions() throws -> ModelLoadingOptions {
    ModelLoadingOptions(labels: Self.cifarLabels, preprocessing: try Preprocessing(specification: "crop=32 channels=3"))
  }

  @Test("The zip, legacy and safetensors forms of ResNet-20 and the published file give the same bits")
  func fourForms() throws {
    let forms = ["resnet20-12fca82f.th", "derived/resnet20_zip.pth", "derived/resnet20_legacy.pth", "derived/resnet20.safetensors"]
    let loaded = try forms.map { try ModelLoader.load(SharedData.weights($0), options: cifarOptions()) }
    let first = loaded[0].model
    #expect(first.card.architecture == .cifarResNet20)
    #expect(loaded[0].notes.map(\.description).contains("weights taken from 'state_dict' inside the file"))
    #expect(loaded[0].notes.map(\.description).contains("the prefix 'module.' was removed from every key"))
    for (model, notes) in loaded.dropFirst() {
      #expect(!notes.map(\.description).contains { $0.contains("prefix") })
      #expect(model.graph == first.graph)
      for id in first.parameters.ids { #expect(model.parameters[id] == first.parameters[id], "\(id)") }
      #expect(model.backboneHash == first.backboneHash)
    }
  }

  @Test("MobileNetV2 and EfficientNet-Lite0 are recognized by their keys")
  func recognized() throws {
    let labels = (0..<1000).map { "class \($0)" }
    for (file, architecture, epsilon) in [
      ("mobilenet_v2-b0353104.pth", Architecture.mobileNetV2, Float(1e-5)),
      ("efficientnet-lite0-57934424.pth", .efficientNetLite0, 1e-3),
    ] {
      let options = ModelLoadingOptions(labels: labels, preprocessing: try Preprocessing(specification: "imagenet"))
      let (model, notes) = try ModelLoader.load(SharedData.weights(file), options: options)
      #expect(model.card.architecture == architecture)
      #expect(notes.contains(.inferredArchitecture(architecture.rawValue)))
      #expect(model.graph.normalizations.allSatisfy { $0.operation.epsilon == epsilon })
      #expect(model.parameters.batchesTracked.count == model.graph.normalizations.count)
    }
  }

  @Test("Without labels or preprocessing the error says exactly what to give")
  func missingInformation() throws {
    let error = #expect(throws: ModelFileError.self) { try ModelLoader.load(SharedData.weights("derived/resnet20.safetensors")) }
    let sentence = error?.description ?? ""
    #expect(sentence.contains("--labels A,B,… (10 names in the order of the logits; "))
    #expect(sentence.contains(") and --preprocess SPEC"))
  }

  @Test("A fresh head takes other labels and leaves the backbone's bits")
  func freshHead() throws {
    let path = SharedData.weights("derived/resnet20.safetensors")
    let whole = try ModelLoader.load(path, options: cifarOptions()).model
    var options = try cifarOptions()
    options.head = .fresh(labels: ["PA", "AP"], seed: 1)
    let (grafted, notes) = try ModelLoader.load(path, options: options)
    #expect(grafted.card.labels == ["PA", "AP"])
    #expect(grafted.backboneHash == whole.backboneHash)
    #expect(
      notes.contains(.ignoredHead(keys: ["linear.weight", "linear.bias"]))
        || notes.contains(.ignoredHead(keys: ["linear.bias", "linear.weight"])))
    let replaced = try whole.replacingHead(labels: ["PA", "AP"], seed: 1)
    #expect(replaced.parameters["linear", "weight"] == grafted.parameters["linear", "weight"])
    #expect(
      try whole.replacingHead(labels: ["PA", "AP"], seed: 2).parameters["linear", "weight"] != grafted.parameters["linear", "weight"])
  }

  @Test("A file written with its card loads to the same bits without options, also after a rewrite")
  func roundTrip() throws {
    var model = try ModelLoader.load(SharedData.weights("derived/resnet20.safetensors"), options: cifarOptions()).model
    model.card.fittedPatients = .unknown.adding(FittedPatients.Keyed(keyID: "k", hashes: ["b", "a"]))
    model.card.provenance.append("recalibrated; \"quoted\" – ünïcode")
    let swapped = try model.replacingGraph(
      model.graph.mapNormalizations { name, operation in
        var changed = operation
        if name.hasPrefix("layer1") { changed.grouping = .instance }
        return changed
      })
    #expect(swapped.backboneHash == model.backboneHash)
    try withTemporaryFolder { folder in
      for (name, written) in [("plain", model), ("swapped", swapped)] {
        let path = folder.appending(path: "\(name).safetensors").path(percentEncoded: false)
        try ModelWriter.write(written, to: path)
        let (read, _) = try ModelLoader.load(path)
        #expect(read.graph == written.graph)
        #expect(read.card == written.card)
        #expect(read.parameters.ids == written.parameters.ids)
        for id in written.parameters.ids { #expect(read.parameters[id] == written.parameters[id], "\(id)") }
        #expect(read.parameters.batchesTracked == written.parameters.batchesTracked)
        #expect(read.backboneHash == model.backboneHash)
      }
    }
  }

  @Test("A card beside a weight file stands for the options")
  func sidecar() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "resnet20.pth").path(percentEncoded: false)
      try FileManager.default.copyItem(atPath: SharedData.weights("derived/resnet20_zip.pth"), toPath: path)
      let model = try ModelLoader.load(path, options: cifarOptions()).model
      let card = try ModelWriter.writeCard(of: model, beside: path)
      #expect(try FileManager.default.attributesOfItem(atPath: card)[.size] as? Int ?? .max < 2000)
      let (read, _) = try ModelLoader.load(path)
      #expect(read.card == model.card)
      #expect(read.graph == model.graph)
      #expect(throws: ModelFileError.self) { try ModelLoader.load(path, options: ModelLoadingOptions(labels: ["a", "b"])) }
    }
  }
}
