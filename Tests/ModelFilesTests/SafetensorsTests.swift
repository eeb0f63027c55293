import ModelFiles
import Tensors
import Testing

/// A file with this header and so many bytes of data.
private func file(_ header: String, dataBytes: Int, headerLength: UInt64? = nil) -> [UInt8] {
  let length = headerLength ?? UInt64(header.utf8.count)
  return withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8) + [UInt8](repeating: 0, count: dataBytes)
}

private func reason(_ header: String, dataBytes: Int, headerLength: UInt64? = nil) -> SafetensorsError.Reason? {
  do {
    _ = try SafetensorsFile(bytes: file(header, dataBytes: dataBytes, headerLength: headerLength), file: "x")
    return nil
  } catch { return error.reason }
}

private func entry(_ key: String, _ begin: Int, _ end: Int, type: String = "F32", shape: String? = nil) -> String {
  "\"\(key)\":{\"dtype\":\"\(type)\",\"shape\":\(shape ?? "[\((end - begin) / 4)]"),\"data_offsets\":[\(begin),\(end)]}"
}

@Suite("Safetensors")
struct SafetensorsTests {
  @Test("What the reference implementation refuses is refused, naming the key")
  func hostile() {
    #expect(reason("{\(entry("a", 0, 8)),\(entry("b", 8, 12))}", dataBytes: 12) == nil)
    #expect(reason("{\(entry("a", 0, 8)),\(entry("b", 4, 12))}", dataBytes: 12) == .overlap(key: "b", with: "a"))
    #expect(reason("{\(entry("a", 0, 8)),\(entry("b", 12, 16))}", dataBytes: 16) == .hole(offset: 8, before: "b"))
    #expect(reason("{\(entry("a", 4, 8))}", dataBytes: 8) == .hole(offset: 0, before: "a"))
    #expect(reason("{\(entry("a", 0, 8))}", dataBytes: 12) == .trailingBytes(count: 4))
    #expect(reason("{\(entry("a", 0, 8))}", dataBytes: 4) == .outOfBounds(key: "a", end: 8, dataBytes: 4))
    #expect(reason("{\(entry("a", 0, 8)),\(entry("a", 8, 12))}", dataBytes: 12) == .duplicateKey("a"))
    #expect(reason("{\(entry("a", 0, 8)),\(entry("\\u0061", 8, 12))}", dataBytes: 12) == .duplicateKey("a"))
    #expect(reason("{\(entry("a", 0, 8, type: "F8"))}", dataBytes: 8) == .unknownElementType(key: "a", found: "F8"))
    #expect(reason("{\(entry("a", 0, 8, shape: "[3]"))}", dataBytes: 8) == .wrongSize(key: "a", expectedBytes: 12, foundBytes: 8))
    #expect(reason("{\(entry("a", 0, 8, shape: "[4611686018427387904,4]"))}", dataBytes: 8) == .overflow(key: "a"))
    #expect(reason("{\(entry("a", 0, 0, shape: "[0,4611686018427387904,4611686018427387904]"))}", dataBytes: 0) == nil)
    for shape in ["[-2]", "[2.0]", "[1e0]", "2", "[\"2\"]", "[02]", "[99999999999999999999]"] {
      #expect(reason("{\(entry("a", 0, 8, shape: shape))}", dataBytes: 8) != nil, "\(shape)")
    }
    #expect(
      reason("{\(entry("a", 8, 0, shape: "[2]"))}", dataBytes: 8)
        == .malformedEntry(key: "a", expected: "data_offsets to be a begin and an end"))
    #expect(
      reason("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", dataBytes: 4)
        == .malformedEntry(key: "a", expected: "dtype, shape and data_offsets"))
    #expect(
      reason("{\"__metadata__\":{\"a\":1}}", dataBytes: 0) == .malformedEntry(key: "__metadata__", expected: "an object of strings"))
    #expect(reason("{}", dataBytes: 0, headerLength: 100_000_001) == .headerTooLarge(limitBytes: 100_000_000, foundBytes: 100_000_001))
    #expect(reason("{}", dataBytes: 0, headerLength: .max) == .headerTooLarge(limitBytes: 100_000_000, foundBytes: .max))
    #expect(reason("{}", dataBytes: 0, headerLength: 99_000_000) == .truncated(expectedBytes: 99_000_008, foundBytes: 10))
    #expect(reason("{} x", dataBytes: 0) == .headerNotJSON(offset: 3))
    #expect(reason("[]", dataBytes: 0) == .headerNotJSON(offset: 0))
    #expect(reason("{\"a\":" + String(repeating: "[", count: 1_000_000), dataBytes: 0) == .headerTooDeep)
    #expect(reason("{\"a\":[" + String(repeating: "0,", count: 1_000_001), dataBytes: 0) == .headerTooMany)
    #expect(reason("{\"\u{0}\":1}", dataBytes: 0) == .headerNotJSON(offset: 2))
  }

  @Test("What was written is read to the bit, names and strings included")
  func roundTrip() throws {
    var writer = SafetensorsWriter(metadata: [("format", "pt"), ("note", "\"quoted\" \\ \n ünïcode 🩻")])
    let tensor = Tensor(shape: [2, 2], values: [0.1, -0, .nan, .leastNonzeroMagnitude])
    writer.add(tensor, as: "layer.weight")
    writer.add(7, as: "layer.num_batches_tracked")
    writer.add(Tensor(shape: [0, 3]), as: "empty")
    let file = try SafetensorsFile(bytes: writer.encoded(), file: "x")
    #expect(Array(file.tensors.keys) == ["layer.num_batches_tracked", "layer.weight", "empty"])
    #expect(file.tensors["layer.weight"]?.decodedTensor() == tensor)
    #expect(file.tensors["layer.num_batches_tracked"]?.decodedIntegers() == [7])
    #expect(file.metadata["note"] == "\"quoted\" \\ \n ünïcode 🩻")
    #expect(writer.encoded() == writer.encoded())
  }
}
