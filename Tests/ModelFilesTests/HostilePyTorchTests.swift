import Foundation
import ModelFiles
import Testing

private func failure(_ bytes: [UInt8]) -> (any Error)? {
  do {
    _ = try StateDict(bytes: bytes, file: "x")
    return nil
  } catch { return error }
}

private func reason(_ bytes: [UInt8]) -> PyTorchFileError.Reason? { (failure(bytes) as? PyTorchFileError)?.reason }

private func pickleReason(_ object: [UInt8], stop: Bool = true) -> PickleError.Reason? {
  guard case .pickle(let error)? = reason(Pickle.file(object, stop: stop)) else { return nil }
  return error.reason
}

@Suite("Hostile PyTorch files")
struct HostilePyTorchTests {
  private let weight = Pickle.dictionary("weight", Pickle.tensor(Pickle.storage("0", count: 4), size: [2, 2], stride: [2, 1]))

  @Test("The hand-made archive is sound where nothing is wrong with it")
  func sound() throws {
    let tensor = try #require(try StateDict(bytes: Pickle.file(weight), file: "x").tensors["weight"])
    #expect(tensor.shape == [2, 2])
    #expect(tensor.decodedTensor().values == [0, 0, 0, 0])
  }

  @Test("ZIP headers that disagree, leave the folder or compress are refused")
  func archives() {
    let entry = ("m/data.pkl", [0x80, 2] + weight + [0x2E] as [UInt8])
    #expect(reason(StoredZip(entries: [entry], localName: "m/data.pkx").bytes) == .zip(.disagreement("the name of 'm/data.pkl'")))
    #expect(reason(StoredZip(entries: [entry], localSize: 3).bytes) == .zip(.disagreement("the size of 'm/data.pkl'")))
    #expect(reason(StoredZip(entries: [entry], method: 8).bytes) == .zip(.compressed(name: "m/data.pkl", method: 8)))
    #expect(reason(StoredZip(entries: [entry, entry]).bytes) == .zip(.duplicateName("m/data.pkl")))
    for name in ["m/../data", "../m", "/m/data", "m\\data", "m//data", "m/./data"] {
      #expect(reason(StoredZip(entries: [entry, (name, [1])]).bytes) == .zip(.unsafeName(name)))
    }
    #expect(reason(StoredZip(entries: [("m/x", [])]).bytes) == .missingEntry("data.pkl"))
    #expect(reason(StoredZip(entries: [entry, ("m/constants.pkl", [])]).bytes) == .torchScript)
    #expect(reason(StoredZip(entries: [entry, ("n/data/0", [])]).bytes) == .record("top folders", expected: "one", found: "2"))
    #expect(reason(StoredZip(entries: [entry]).bytes + [0]) == .zip(.noDirectory))
  }

  @Test("Names in a pickle are data: nothing is called, whatever they say")
  func inert() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "scanadapt-\(UUID().uuidString)").path(percentEncoded: false)
    let command = Pickle.global("os", "system") + Pickle.tuple(Pickle.text("touch \(folder)")) + [0x52]
    #expect((failure(Pickle.file(command)) as? StateDictError)?.reason == .noStateDict(found: "an object of os.system"))
    #expect(!FileManager.default.fileExists(atPath: folder))
    // Beside a tensor it is an entry that isn't one.
    let beside =
      [0x7D, 0x28] + Pickle.text("a") + command + Pickle.text("w")
      + Pickle.tensor(Pickle.storage("0", count: 4), size: [4], stride: [1]) + [0x75] as [UInt8]
    let stateDict = try StateDict(bytes: Pickle.file(beside), file: "x")
    #expect(stateDict.notes == [.ignoredEntry("a")])
    #expect(Array(stateDict.tensors.keys) == ["w"])
  }

  @Test("Opcodes that torch.save doesn't write are refused", arguments: [0x49, 0x69, 0x6F, 0x82, 0x84, 0x50, 0x97, 0xFF] as [UInt8])
  func opcodes(_ code: UInt8) { #expect(pickleReason([code]) == .opcode(code)) }

  @Test("A malformed stack, memo or length is a typed error")
  func malformed() {
    #expect(pickleReason([0x74]) == .malformed("there is no mark"))
    #expect(pickleReason([0x52]) == .malformed("the stack is empty"))
    #expect(pickleReason([0x28, 0x30]) == .malformed("the stack is empty"))
    #expect(pickleReason([0x68, 9]) == .malformed("memo 9 was never put"))
    #expect(pickleReason([0x4E, 0x4E]) == .malformed("something is left on the stack"))
    #expect(pickleReason([0x7D, 0x28, 0x4E, 0x75]) == .malformed("a key without a value"))
    #expect(pickleReason([0x4E, 0x4E, 0x61]) == .malformed("appends to None"))
    #expect(pickleReason([0x58, 0xFF, 0xFF, 0xFF, 0xFF]) == .truncated)
    #expect(pickleReason([0x8D] + [UInt8](repeating: 0xFF, count: 8)) == .truncated)
    #expect(pickleReason([0x8B, 0xFF, 0xFF, 0xFF, 0x7F]) == .truncated)
    #expect(pickleReason([0x8C, 1, 0xFF]) == .notUTF8)
    #expect(pickleReason([0x80, 6]) == .protocolVersion(6))
    #expect(pickleReason([0x4E], stop: false) == .truncated)
  }

  @Test("Bombs end at a limit: depth, number, sharing, self-containment")
  func bombs() {
    let million = 1_000_000
    // A tuple in a tuple, a million deep, is only a tuple.
    let deep = [0x4E] + [UInt8](repeating: 0x85, count: million)
    #expect((failure(Pickle.file(deep)) as? StateDictError)?.reason == .noStateDict(found: "a tuple"))
    #expect(pickleReason([UInt8](repeating: 0x4E, count: 3 * million)) == .tooMany("values", limit: 2_000_000))
    #expect(pickleReason([0x4E] + [UInt8](repeating: 0x32, count: 17 * million)) == .tooMany("operations", limit: 16_000_000))
    // A dict that doubles 64 times by sharing: 2^64 entries if it were followed.
    var doubling: [UInt8] = [0x7D]
    for _ in 0..<64 { doubling += [0x94, 0x7D] + Pickle.text("a") + [0x68, 0, 0x73] + Pickle.text("b") + [0x68, 0, 0x73] }
    #expect(failure(Pickle.file(doubling)) != nil)
    // A dict that contains itself.
    #expect(failure(Pickle.file([0x7D, 0x94] + Pickle.text("a") + [0x68, 0, 0x73])) is StateDictError)
  }

  @Test("A tensor that reaches past its storage, or asks for more than it has, is refused")
  func tensors() {
    func tensor(_ offset: Int, _ size: [Int], _ stride: [Int], count: Int = 4, key: String = "0", type: String = "FloatStorage") -> [UInt8]
    {
      Pickle.file(
        Pickle.dictionary("w", Pickle.tensor(Pickle.storage(key, count: count, type: type), offset: offset, size: size, stride: stride)))
    }
    func outside(_ offset: Int, _ size: [Int], _ stride: [Int]) -> PyTorchFileError.Reason {
      .outOfStorage(key: "w", shape: size, strides: stride, offset: offset, elements: 4)
    }
    for (offset, size, stride) in [
      (1, [4], [1]), (0, [5], [1]), (0, [2, 2], [3, 1]), (0, [2], [4]), (5, [0], [1]), (0, [1000], [0]), (0, [2, 2], [.max, .max]),
      (.max, [2], [1]), (0, [.max, .max], [0, 0]),
    ] as [(Int, [Int], [Int])] {
      #expect(reason(tensor(offset, size, stride)) == outside(offset, size, stride))
    }
    #expect(reason(tensor(0, [2], [1, 1])) == .malformedTensor(key: "w", expected: "a storage, an offset, a size and strides"))
    #expect(reason(tensor(0, [-1], [1])) == .malformedTensor(key: "w", expected: "a storage, an offset, a size and strides"))
    #expect(reason(tensor(0, [4], [1], count: 5)) == .storageSize(storage: "0", expectedBytes: 20, foundBytes: 16))
    #expect(reason(tensor(0, [4], [1], count: .max)) == .storageSize(storage: "0", expectedBytes: .max, foundBytes: 16))
    #expect(reason(tensor(0, [4], [1], key: "1")) == .missingStorage(key: "w", storage: "1"))
    #expect(reason(tensor(0, [4], [1], type: "ComplexFloatStorage")) == .storageType(key: "w", found: "torch.ComplexFloatStorage"))
  }

  @Test("A legacy file's magic number, protocol, storages and end are checked")
  func legacy() throws {
    let whole = try goldenBytes("files/every_type_legacy.pth")
    #expect(reason(whole + [0]) == .trailingBytes(count: 1))
    var wrongMagic = whole
    wrongMagic[5] ^= 1
    #expect(reason(wrongMagic) == .notPyTorch)
    #expect(reason([UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8) + [0]) == .tarArchive)
    #expect((failure(Array("not weights at all".utf8)) as? StateDictError)?.reason == .unknownFormat)
    #expect((failure([]) as? StateDictError)?.reason == .unknownFormat)
  }
}
