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

@Suite("Norm packs")
struct NormPackTests {
  let pseudonyms = Pseudonyms(key: Array(0..<32))

  /// A pack of scanner B of two, the model it is for, and a folder that holds it.
  private func made() throws -> (made: MadeUpScans, model: Model, packs: [NormPack], adapted: [Model]) {
    let made = try MadeUpScans([("A", 4, 2, 1, 0), ("B", 3, 3, 0.4, 1.5)])
    let model = try GoldenNetwork.model()
    let results = try Recalibration().recalibratedForEachScanner(
      model, on: made.cohort.allForFitting(Ledger()), images: made.images, pseudonyms: pseudonyms)
    let packs = results.map { $0.result.normPack(for: $0.scanner) }
    for pack in packs { try pack.write(to: made.folder.appending(path: "\(pack.scanner)\(NormPack.fileSuffix)").path) }
    return (made, model, packs, results.map(\.result.model))
  }

  @Test("A pack written and read is the same, bit for bit, small, and gives the adapted model's logits")
  func roundTrip() throws {
    let (made, model, packs, adapted) = try made()
    defer { made.remove() }
    let path = made.folder.appending(path: "B\(NormPack.fileSuffix)").path
    let read = try NormPack(contentsOf: path)
    #expect(read == packs[1])
    #expect(read.fittedPatients == adapted[1].card.fittedPatients && read.patientCount == 3 && read.scanCount == 9)
    let again = made.folder.appending(path: "again").path
    try read.write(to: again)
    #expect(try FileContents.read(path) == FileContents.read(again))
    #expect(try FileContents.read(path).count < 1 << 20)
    let applied = try read.applied(to: model)
    for id in adapted[1].parameters.ids { #expect(applied.parameters[id] == adapted[1].parameters[id], "\(id)") }
    #expect(applied.card == adapted[1].card && applied.graph == adapted[1].graph)
  }

  @Test("A pack carries epsilon and grouping: that of an instance-normalized model makes one")
  func carriesStructure() throws {
    let (made, model, _, _) = try made()
    defer { made.remove() }
    let scans = try made.maps(made.cohort.records)
    let swapped = try InstanceNormalizationSwap(layers: .matching(["block[12].bn"])).applied(to: model, checkedOn: scans)
    let path = made.folder.appending(path: "instance").path
    try NormPack(of: swapped, scanner: "C", scanCount: 0, patientCount: 0).write(to: path)
    #expect(try NormPack(contentsOf: path).applied(to: model).graph == swapped.graph)
  }

  @Test("Another backbone is refused in a clear sentence; a new head is none of the pack's business")
  func wrongBackbone() throws {
    let (made, model, packs, _) = try made()
    defer { made.remove() }
    let other = try GoldenNetwork.model(seed: 2)
    let error = #expect(throws: NormPackError.self) { try packs[1].applied(to: other) }
    #expect(error?.reason == .otherBackbone(expected: other.backboneHash.hex, found: model.backboneHash.hex))
    #expect(error?.description.contains("the weights differ") == true)
    #expect(throws: Never.self) { try packs[1].applied(to: model.replacingHead(labels: ["x", "y", "z"], seed: 1)) }
  }

  @Test("Other preprocessing is refused: statistics of differently prepared scans are other statistics")
  func wrongPreprocessing() throws {
    let (made, _, packs, _) = try made()
    defer { made.remove() }
    let other = try GoldenNetwork.model(preprocessing: Preprocessing(mean: [0.25]))
    #expect(throws: NormPackError.self) { try packs[1].applied(to: other) }
  }

  @Test("A file that is no pack, lacks a tensor, has one too many, or is of a newer format is refused")
  func refusals() throws {
    let (made, model, _, _) = try made()
    defer { made.remove() }
    let path = made.folder.appending(path: "B\(NormPack.fileSuffix)").path
    let file = try SafetensorsFile(contentsOf: path)
    let broken = made.folder.appending(path: "broken").path
    func write(_ metadata: [(String, String)], leavingOut omitted: String? = nil, adding extra: String? = nil, negating: String? = nil)
      throws
    {
      var writer = SafetensorsWriter(metadata: metadata)
      for (key, tensor) in file.tensors where key != omitted {
        var values = tensor.decodedTensor()
        if key == negating { values[3] = -1 }
        writer.add(values, as: key)
      }
      if let extra { writer.add(Tensor(shape: [1]), as: extra) }
      try writer.write(to: broken)
    }
    func reason() -> NormPackError.Reason? {
      do { _ = try NormPack(contentsOf: broken) } catch let error as NormPackError { return error.reason } catch {}
      return nil
    }
    let (key, description) = try #require(file.metadata.first { _ in true })
    try write([])
    #expect(reason() == .notANormPack)
    try write([(key, description)], leavingOut: "block2.bn.running_var")
    #expect(reason() == .tensor(key: "block2.bn.running_var", expected: "F32 [32]", found: "nothing"))
    try write([(key, description)], adding: "block9.bn.weight")
    #expect(reason() == .unexpectedTensor("block9.bn.weight"))
    try write([(key, description)], negating: "block3.bn.running_var")
    #expect(reason() == .impossibleValue("block3.bn.running_var"))
    try write([(key, description.replacingOccurrences(of: "\"format\":1", with: "\"format\":2"))])
    #expect(reason() == .newerFormat(expected: 1, found: 2))
    try write([(key, "{\"format\":1}")])
    guard case .malformed = reason() else {
      Issue.record("a description without its fields was taken")
      return
    }
    _ = model
  }

  @Test("A bank gives a scanner its pack, and an unknown one what the policy says")
  func bank() throws {
    let (made, model, packs, _) = try made()
    defer { made.remove() }
    let bank = try NormPackBank(folder: made.folder.path)
    #expect(bank.packs == packs)
    // Scans of a scanner like B, under a name the bank doesn't know.
    let scans = try made.maps(made.cohort.restricted(toScanner: "B").records)
    func choose(_ scanner: ScannerID?, _ policy: UnknownScannerPolicy) throws -> NormPackBank.Choice {
      try bank.choose(for: scanner, policy: policy, model: model) { scans }
    }
    #expect(try choose("A", .refuse) == .pack(packs[0]))
    #expect(try choose("new", .source) == .source(distance: nil))
    #expect(throws: NormPackBankError.unknownScanner("new", known: ["A", "B"])) { try choose("new", .refuse) }
    guard case .nearest(let pack, let distance) = try choose(nil, .nearestStatistics) else {
      Issue.record("no pack was nearest")
      return
    }
    #expect(pack.scanner == "B" && distance < 1e-3)
    #expect(throws: NormPackBankError.twoPacks("A")) { try NormPackBank([packs[0], packs[0]]) }
  }
}
