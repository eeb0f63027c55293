import Adaptation
import Files
import Foundation
import Graphs
import ModelFiles
import RandomStreams
import Tensors
import Testing

/// Low-rank adapters as PEFT's folders.
@Suite final class PEFTTests {
  private let network: PyTorchNetwork
  private let folder: String

  init() throws {
    network = try PyTorchNetwork()
    folder = FileManager.default.temporaryDirectory.path + "/peft-\(UUID().uuidString)"
  }

  deinit { try? Folder.remove(folder) }

  @Test("An adapter that PEFT saved, merged, gives PEFT's logits in double precision")
  func readsPEFT() throws {
    let adapter = try LowRankAdapter(contentsOfFolder: PyTorchNetwork.peftFolder)
    #expect(adapter.layers.count == 5)
    let merged = try adapter.applied(to: network.model)
    #expect(merged.graph == network.model.graph)
    #expect(PyTorchNetwork.relativeError(try network.logits(merged), network.peftLogits) < 1e-6)
    #expect(PyTorchNetwork.relativeError(try network.logits(network.model), network.peftLogits) > 0.01)
    #expect(merged.card.provenance.last?.contains("low-rank adapter of sha256") == true)
  }

  /// A model with everything that an adaptation may change changed.
  private func trained(labels: [String]? = nil) throws -> (unmerged: Model, merged: Model) {
    let strategy = LowRankAdaptation(rank: 4, alpha: 6)
    var model = network.model
    if let labels { model = try model.replacingHead(labels: labels, seed: 4) }
    _ = try strategy.prepare(&model)
    for declaration in model.parameters.declarations where declaration.role == .buffer || declaration.id.path.hasSuffix("lora_B") {
      var stream = RandomStream(seed: 2, purpose: "test", content: "\(declaration.id)")
      model.parameters.withMutableValues(of: declaration.id) { values in
        for index in values.indices { values[index] = Float(stream.uniform(0.1, 1)) }
      }
    }
    var merged = model
    _ = try strategy.finalize(&merged)
    return (model, merged)
  }

  @Test("Written and read again, an adapter gives the merged model's bits, with statistics, a new head and the card")
  func roundTrip() throws {
    for labels in [nil, ["x", "y"]] {
      let (unmerged, merged) = try trained(labels: labels)
      let adapter = try #require(LowRankAdapter(in: unmerged, startingFrom: network.model))
      try adapter.write(toFolder: folder)
      let read = try LowRankAdapter(contentsOfFolder: folder).applied(to: network.model)
      #expect(read.parameters.differing(from: merged.parameters).isEmpty)
      #expect(read.card == merged.card)
      #expect(try network.logits(read) == network.logits(merged))
    }
  }

  @Test("The configuration names layers so that no other matches, and lists the layers that are replaced")
  func configuration() throws {
    let adapter = try #require(LowRankAdapter(in: try trained().unmerged, startingFrom: network.model))
    try adapter.write(toFolder: folder)
    let data = Data(try FileContents.read("\(folder)/adapter_config.json"))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["peft_type"] as? String == "LORA" && json["r"] as? Int == 4 && json["lora_alpha"] as? Double == 6)
    #expect(
      json["target_modules"] as? String == #"conv1|layer1\.0\.conv1|layer1\.0\.conv2|layer1\.0\.downsample\.0|hidden"#)
    #expect(json["modules_to_save"] as? [String] == ["bn1", "layer1.0.bn1", "layer1.0.bn2", "layer1.0.downsample.1"])
    let file = try SafetensorsFile(contentsOf: "\(folder)/adapter_model.safetensors")
    #expect(file.tensors["base_model.model.layer1.0.conv1.lora_A.weight"]?.shape == [4, 8, 3, 3])
    #expect(file.tensors["base_model.model.layer1.0.conv1.lora_B.weight"]?.shape == [12, 2, 1, 1])
  }

  @Test("Another backbone, another network, a rank it doesn't say, and a kind that isn't low rank are each one sentence")
  func refusals() throws {
    let adapter = try #require(LowRankAdapter(in: try trained().unmerged, startingFrom: network.model))
    var other = network.model
    other.parameters["layer1.0.conv2", "weight"][0] += 1
    #expect(reason { try adapter.applied(to: other) }.contains("was trained on the network"))

    let stripes = try StripesCohort.model()
    #expect(
      reason { try LowRankAdapter(contentsOfFolder: PyTorchNetwork.peftFolder).applied(to: stripes) }
        .contains("is for a layer 'conv1', which this network doesn't have"))

    let text = String(decoding: try FileContents.read("\(PyTorchNetwork.peftFolder)/adapter_config.json"), as: UTF8.self)
    func read(_ old: String, _ new: String) throws -> String {
      try Folder.create(folder)
      try AtomicFile.write(text.replacing(old, with: new), to: "\(folder)/adapter_config.json")
      let weights = try FileContents.read("\(PyTorchNetwork.peftFolder)/adapter_model.safetensors")
      try AtomicFile.write(weights, to: "\(folder)/adapter_model.safetensors")
      return reason { try LowRankAdapter(contentsOfFolder: folder).applied(to: network.model) }
    }
    #expect(try read("\"r\": 4", "\"r\": 2").contains("as its configuration says"))
    #expect(try read("\"use_dora\": false", "\"use_dora\": true").contains("found an adapter with magnitudes"))
    #expect(try read("\"LORA\"", "\"IA3\"").contains("expected a plain low-rank adapter"))
    #expect(try read("{", "[").contains("malformed"))
  }

  @Test("An alpha for some layers only is taken as PEFT takes it")
  func patterns() throws {
    let text = String(decoding: try FileContents.read("\(PyTorchNetwork.peftFolder)/adapter_config.json"), as: UTF8.self)
    try Folder.create(folder)
    try AtomicFile.write(
      text.replacing("\"alpha_pattern\": {}", with: "\"alpha_pattern\": {\"conv2\": 12, \"^layer1.0.conv1\": 3}"),
      to: "\(folder)/adapter_config.json")
    try AtomicFile.write(
      try FileContents.read("\(PyTorchNetwork.peftFolder)/adapter_model.safetensors"), to: "\(folder)/adapter_model.safetensors")
    let scales = try LowRankAdapter(contentsOfFolder: folder).layers.map { ($0.path, $0.scale) }
    #expect(
      Dictionary(uniqueKeysWithValues: scales) == [
        "conv1": 1.5, "layer1.0.conv1": 0.75, "layer1.0.conv2": 3, "layer1.0.downsample.0": 1.5, "hidden": 1.5,
      ])
  }

  @Test("Layers of different ranks and scales are written as PEFT's patterns, which fit no other layer, and read again to the bit")
  func differentRanks() throws {
    let updates = [("conv1", 4, 1.5), ("layer1.0.conv1", 2, 3), ("layer1.0.conv2", 3, 1), ("hidden", 4, 0.5)].map {
      LowRankUpdate(layer: $0.0, rank: $0.1, scale: Float($0.2))
    }
    var graph = network.model.graph
    for update in updates { graph = try graph.adding(update) }
    var unmerged = try network.model.replacingGraph(graph)
    for id in updates.flatMap({ [$0.a, $0.b] }) {
      var stream = RandomStream(seed: 2, purpose: "test", content: "\(id)")
      unmerged.parameters.withMutableValues(of: id) { values in for index in values.indices { values[index] = Float(stream.uniform(-1, 1)) }
      }
    }
    try #require(LowRankAdapter(in: unmerged, startingFrom: network.model)).write(toFolder: folder)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(try FileContents.read("\(folder)/adapter_config.json"))) as? [String: Any])
    #expect(json["r"] as? Int == 4 && json["lora_alpha"] as? Double == 6)
    #expect(json["rank_pattern"] as? [String: Int] == [#"^layer1\.0\.conv1"#: 2, #"^layer1\.0\.conv2"#: 3])
    #expect(json["alpha_pattern"] as? [String: Double] == [#"^layer1\.0\.conv2"#: 3, "^hidden": 2])
    let merged = try unmerged.graph.mergingLowRankUpdates(in: unmerged.parameters)
    let read = try LowRankAdapter(contentsOfFolder: folder).applied(to: network.model)
    #expect(read.parameters.differing(from: merged.parameters).isEmpty)
  }

  @Test("A grouped convolution whose lora_A reads across groups can't be merged, and is refused")
  func acrossGroups() throws {
    let stored = try SafetensorsFile(contentsOf: "\(PyTorchNetwork.peftFolder)/adapter_model.safetensors")
    var writer = SafetensorsWriter(metadata: [])
    for (key, tensor) in stored.tensors {
      var tensor = tensor.decodedTensor()
      if key.hasSuffix("layer1.0.conv1.lora_A.weight") { tensor[tensor.count / 8] = 1 }
      writer.add(tensor, as: key)
    }
    try Folder.create(folder)
    try writer.write(to: "\(folder)/adapter_model.safetensors")
    try AtomicFile.write(
      try FileContents.read("\(PyTorchNetwork.peftFolder)/adapter_config.json"), to: "\(folder)/adapter_config.json")
    let adapter = try LowRankAdapter(contentsOfFolder: folder)
    #expect(
      reason { try adapter.applied(to: network.model) }.contains(
        "can't be merged into 'layer1.0.conv1': its lora_A reads across the convolution's 2 groups"))
  }

  private func reason(_ body: () throws -> Model) -> String {
    do {
      _ = try body()
      return "nothing thrown"
    } catch { return "\(error)" }
  }
}
