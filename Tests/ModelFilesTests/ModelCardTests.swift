import Foundation
import Graphs
import Imaging
import ModelFiles
import Tensors
import Testing

@Suite("Model cards")
struct ModelCardTests {
  private func model(labels: [String] = ["healthy", "lesion"]) throws -> Model {
    let card = ModelCard(
      architecture: .smallCNN, labels: labels, preprocessing: try Preprocessing(specification: "crop=16"),
      inputShape: FeatureShape(channels: 1, height: 16, width: 16), fittedPatients: .none)
    return try Model.initialized(.smallCNN, card: card, seed: 3)
  }

  /// A weight file of the model with the card's JSON changed before it is written.
  private func load(_ old: String, _ new: String) throws -> ModelFileError.Reason? {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      let bytes = ModelWriter.encoded(try model())
      let length = Int(bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      let header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
      // The card is a JSON string inside JSON: its quotes are escaped.
      let changed = header.replacing(old.replacing("\"", with: "\\\""), with: new.replacing("\"", with: "\\\""))
      #expect(old == new || changed != header, "'\(old)' isn't in the card")
      var file = withUnsafeBytes(of: UInt64(changed.utf8.count).littleEndian) { Data($0) }
      file += Data(changed.utf8) + Data(bytes[(8 + length)...])
      try file.write(to: URL(filePath: path))
      do {
        _ = try ModelLoader.load(path)
        return nil
      } catch let error as ModelFileError {
        #expect(error.description.hasPrefix(path))
        return error.reason
      }
    }
  }

  @Test("A card that isn't consistent is refused")
  func hostile() throws {
    #expect(try load("x", "x") == nil)
    #expect(try load("\"format\":1,", "\"format\":3,") == .newerCard(found: 3, supported: 2))
    #expect(
      try load("\"stride\":2", "\"stride\":0")
        == .malformedCard("the node 'block1.pool' is malformed: expected a window of 1 to 256 pixels"))
    for (old, new) in [
      ("\"groups\":1", "\"groups\":0"), ("\"groups\":1", "\"groups\":3"), ("\"kernelHeight\":3", "\"kernelHeight\":-3"),
      ("\"outputChannels\":16", "\"outputChannels\":9223372036854775807"), ("\"inputs\":[\"block1.conv\"]", "\"inputs\":[\"block4.relu\"]"),
      ("\"features\":\"avgpool\"", "\"features\":\"nowhere\""), ("\"name\":\"block2.conv\"", "\"name\":\"block1.conv\""),
      ("crop=16x16", "crop=-1x16"), ("channels=1", "channels=7"), ("\"labels\":[\"healthy\",\"lesion\"],", ""),
    ] {
      guard case .malformedCard? = try load(old, new) else {
        Issue.record("\(old) → \(new) was taken")
        continue
      }
    }
    #expect(try load("\"healthy\",", "") == .inconsistent(inconsistency(labels: ["lesion"])))
    #expect(try load("\"healthy\"", "\"lesion\"") == .inconsistent(inconsistency(labels: ["lesion", "lesion"])))
    guard case .inconsistent? = try load("\"height\":16", "\"height\":1099511627776") else {
      Issue.record("a giant input was taken")
      return
    }
    guard case .keys(_, let missing, _, _)? = try load("\"block1.bn\"", "\"block1.bm\"") else {
      Issue.record("renamed nodes were taken")
      return
    }
    #expect(missing.sorted() == ["block1.bm.bias", "block1.bm.running_mean", "block1.bm.running_var", "block1.bm.weight"])
  }

  @Test("A file is known for what it is whatever its header's length is, also where that begins as a pickle does")
  func headerLengths() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      var model = try model()
      var first: Set<UInt8> = []
      // Headers are padded to eight bytes.
      for length in stride(from: 0, to: 256, by: 8) {
        model.card.provenance = [String(repeating: "x", count: length)]
        try ModelWriter.write(model, to: path)
        first.insert(ModelWriter.encoded(model)[0])
        #expect(try ModelLoader.load(path).model.card.provenance == model.card.provenance)
      }
      #expect(first.contains(0x80) && first.count == 32)
    }
  }

  @Test("A model of findings says so in a card of format 2; one of classes stays readable by everyone who reads format 1")
  func output() throws {
    let classes = try model()
    let findings = try classes.replacingHead(labels: ["edema"], output: .sigmoid, seed: 1)
    #expect(try load("\"format\":1,", "\"format\":1,") == nil)
    #expect(!String(decoding: ModelWriter.encoded(classes), as: UTF8.self).contains("sigmoid"))
    let text = String(decoding: ModelWriter.encoded(findings), as: UTF8.self)
    #expect(text.contains("\\\"format\\\":2,") && text.contains("\\\"output\\\":\\\"sigmoid\\\""))
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      try ModelWriter.write(findings, to: path)
      #expect(try ModelLoader.load(path).model.card == findings.card)
      let contradicted = #expect(throws: ModelFileError.self) { try ModelLoader.load(path, options: ModelLoadingOptions(output: .softmax)) }
      #expect(contradicted?.reason == .contradicts(option: "--output", found: "softmax", card: "sigmoid"))
    }
  }

  private func inconsistency(labels: [String]) throws -> ModelConsistencyError {
    do {
      let good = try model()
      var card = good.card
      card.labels = labels
      _ = try Model(graph: good.graph, parameters: good.parameters, card: card)
      throw CancellationError()
    } catch let error as ModelConsistencyError { return error }
  }

  @Test("Missing, unexpected and mismatched keys are all named, five of each at most")
  func strictMatching() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      let model = try model()
      var writer = SafetensorsWriter(metadata: [("format", "pt")])
      for id in model.parameters.ids where id.path != "block2.bn" {
        writer.add(id.path == "block3.conv" ? Tensor(shape: [1]) : model.parameters[id], as: id.description)
      }
      writer.add(Tensor(shape: [1]), as: "extra.weight")
      try writer.write(to: path)
      let options = ModelLoadingOptions(
        architecture: .smallCNN, labels: ["a", "b"], preprocessing: try Preprocessing(specification: "crop=16"))
      let error = #expect(throws: ModelFileError.self) { try ModelLoader.load(path, options: options) }
      let text = try #require(error?.description)
      #expect(text.contains("4 missing: block2.bn.weight, block2.bn.bias, block2.bn.running_mean, block2.bn.running_var"))
      #expect(text.contains("1 unexpected: extra.weight"))
      #expect(text.contains("1 mismatched: 'block3.conv.weight' is [1] of F32, expected [64, 32, 3, 3] of floating point"))
      let inferred = #expect(throws: ModelFileError.self) { try ModelLoader.load(path) }
      #expect(inferred?.reason == .unknownArchitecture(closest: .smallCNN, differences: 6))
    }
  }

  @Test(
    "Weights with NaN or a negative variance are refused by key",
    arguments: [("block1.conv.weight", Float.nan), ("block1.bn.running_var", -1)])
  func unusable(_ key: String, _ value: Float) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      var model = try model()
      let id = try #require(model.parameters.ids.first { $0.description == key })
      model.parameters.withMutableValues(of: id) { $0[1] = value }
      try ModelWriter.write(model, to: path)
      let error = #expect(throws: ModelFileError.self) { try ModelLoader.load(path) }
      guard case .unusableValue(let found)? = error?.reason else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(found.key == key)
    }
  }

  @Test("A Sequential head is read from its keys, and what was assumed is said")
  func sequentialHead() throws {
    let head = Head.sequential([
      .dropout(probability: 0.5), .linear(outputs: 8), .relu, .dropout(probability: 0.5), .linear(outputs: 3, hasBias: false),
    ])
    let graph = Architecture.smallCNN.graph(inputChannels: 1, head: head)
    let parameters = graph.initialParameters(seed: 1)
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      var writer = SafetensorsWriter(metadata: [])
      for id in parameters.ids { writer.add(parameters[id], as: "module.\(id)") }
      try writer.write(to: path)
      let options = ModelLoadingOptions(labels: ["a", "b", "c"], preprocessing: try Preprocessing(specification: "crop=16"))
      let (model, notes) = try ModelLoader.load(path, options: options)
      #expect(model.graph == graph)
      #expect(notes.contains(.assumedHead("Sequential(dropout 0.5, linear to 8, ReLU, dropout 0.5, linear to 3)")))
      let replaced = try model.replacingHead(labels: ["x", "y"], seed: 1)
      #expect(replaced.parameters.shape(of: ParameterID(path: "fc.4", field: "weight")) == [2, 8])
      #expect(replaced.backboneHash == model.backboneHash)
    }
  }

  @Test("The backbone's hash changes with any weight, and not with statistics, affine, normalization kind or head")
  func backboneHash() throws {
    let model = try model()
    var changed = model
    changed.parameters.withMutableValues(of: ParameterID(path: "block2.conv", field: "weight")) { $0[5].negate() }
    #expect(changed.backboneHash != model.backboneHash)
    var renormalized = model
    for field in ["weight", "bias", "running_mean", "running_var"] {
      renormalized.parameters.withMutableValues(of: ParameterID(path: "block2.bn", field: field)) { $0[0] += 1 }
    }
    renormalized.parameters.withMutableValues(of: ParameterID(path: "fc", field: "bias")) { $0[0] += 1 }
    #expect(renormalized.backboneHash == model.backboneHash)
    #expect(try model.replacingHead(labels: ["a", "b", "c"], seed: 1).backboneHash == model.backboneHash)
    #expect(try self.model().backboneHash == model.backboneHash)
  }

  @Test("A backbone without its head loads for a fresh head, and only for that")
  func backboneOnly() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "m.safetensors").path(percentEncoded: false)
      let model = try model()
      var writer = SafetensorsWriter(metadata: [])
      for id in model.parameters.ids where id.path != "fc" { writer.add(model.parameters[id], as: "_orig_mod.\(id)") }
      try writer.write(to: path)
      var options = ModelLoadingOptions(
        preprocessing: try Preprocessing(specification: "crop=16"), head: .fresh(labels: ["a", "b", "c"], seed: 4))
      let (loaded, notes) = try ModelLoader.load(path, options: options)
      #expect(loaded.backboneHash == model.backboneHash)
      #expect(loaded.parameters["fc", "weight"].shape == [3, 64])
      #expect(notes.contains(.strippedPrefix("_orig_mod.")))
      options.head = .stored
      let error = #expect(throws: ModelFileError.self) { try ModelLoader.load(path, options: options) }
      #expect(error?.reason == .unreadableHead(key: "fc.weight"))
    }
  }

  @Test("A copy is a snapshot")
  func snapshot() throws {
    var model = try model()
    let copy = model
    model.parameters.withMutableValues(of: ParameterID(path: "fc", field: "bias")) { $0[0] = 7 }
    #expect(copy.parameters["fc", "bias"][0] != 7)
  }

  @Test("A DenseNet with torchvision's old layer names loads under the new ones")
  func renaming() throws {
    let graph = Architecture.denseNet121.graph(inputChannels: 1, classes: 2)
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "d.safetensors").path(percentEncoded: false)
      var writer = SafetensorsWriter(metadata: [])
      for declaration in graph.parameters {
        var key = declaration.id.description
        if key.contains("denselayer") {
          for (new, old) in [("norm1", "norm.1"), ("norm2", "norm.2"), ("conv1", "conv.1"), ("conv2", "conv.2")] {
            key = key.replacing(".\(new).", with: ".\(old).")
          }
        }
        writer.add(Tensor(shape: declaration.shape, repeating: 1), as: key)
      }
      try writer.write(to: path)
      let options = ModelLoadingOptions(labels: ["a", "b"], preprocessing: try Preprocessing(specification: "crop=64"))
      let (model, notes) = try ModelLoader.load(path, options: options)
      #expect(model.card.architecture == .denseNet121)
      #expect(notes.contains(.renamed(source: "torchvision's DenseNet before 0.3", count: 58 * 10)))
    }
  }
}
