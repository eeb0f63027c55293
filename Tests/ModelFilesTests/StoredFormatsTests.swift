import Foundation
import ModelFiles
import Testing

private struct Expected: Decodable {
  let shape: [Int]
  let values: [Double]
}

private let forms = ["every_type_zip.pth", "every_type_legacy.pth", "every_type_protocol4.pth", "every_type.safetensors"]

@Suite("Stored formats")
struct StoredFormatsTests {
  @Test("Every number format, view and slice is read as PyTorch reads it", arguments: forms)
  func everyType(_ form: String) throws {
    let expected = try JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: golden("files/expected.json")))
    let stateDict = try StateDict(contentsOf: golden("files/\(form)").path(percentEncoded: false))
    #expect(Set(stateDict.tensors.keys) == Set(expected.keys))
    for (key, tensor) in stateDict.tensors {
      let reference = try #require(expected[key])
      #expect(tensor.shape.dimensions == reference.shape, "\(key)")
      #expect(tensor.decodedTensor().values == reference.values.map { Float($0) }, "\(key)")
      #expect(tensor.elementType.isFloatingPoint == (tensor.decodedIntegers() == nil))
      if let integers = tensor.decodedIntegers() { #expect(integers == reference.values.map { Int64($0) }, "\(key)") }
    }
  }

  @Test("A training checkpoint yields the one state dict in it, and says what was unwrapped")
  func checkpoint() throws {
    let stateDict = try StateDict(contentsOf: golden("files/checkpoint.pth").path(percentEncoded: false))
    #expect(Array(stateDict.tensors.keys) == ["weight", "bias"])
    #expect(stateDict.notes == [.unwrapped(container: "model_state_dict"), .strippedPrefix("module.")])
  }

  @Test("Several state dicts are an error that names them; --state chooses")
  func severalStates() throws {
    let path = golden("files/two_states.pth").path(percentEncoded: false)
    let error = #expect(throws: StateDictError.self) { try StateDict(contentsOf: path) }
    #expect(error?.reason == .severalCandidates(["model", "ema.module"]))
    #expect(try StateDict(contentsOf: path, stateKey: "ema.module").notes == [.unwrapped(container: "ema.module")])
    #expect(throws: StateDictError.self) { try StateDict(contentsOf: path, stateKey: "ema") }
  }

  @Test("A pickled module is refused by its name; nothing of it runs")
  func wholeModule() {
    let error = #expect(throws: StateDictError.self) {
      try StateDict(contentsOf: golden("files/whole_module.pth").path(percentEncoded: false))
    }
    #expect(error?.reason == .noStateDict(found: "an object of torch.nn.modules.linear.Linear"))
  }

  @Test("A file cut anywhere, or with any bit flipped, gives tensors or a typed error", arguments: forms + ["checkpoint.pth"])
  func damaged(_ form: String) throws {
    let whole = try goldenBytes("files/\(form)")
    func check(_ bytes: [UInt8]) throws {
      do {
        for tensor in try StateDict(bytes: bytes, file: form).tensors.values { _ = tensor.decodedTensor() }
      } catch is PyTorchFileError {
      } catch is SafetensorsError {
      } catch is StateDictError {
      }
    }
    for count in whole.indices { try check(Array(whole[..<count])) }
    // All bits of the smaller files; the others are mostly padding.
    for index in whole.indices {
      for bit in whole.count < 3000 ? 0..<8 : (index % 8)..<(index % 8 + 1) {
        var bytes = whole
        bytes[index] ^= 1 << UInt8(bit)
        try check(bytes)
      }
    }
  }
}
