import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Normalization
import Tensors
import Testing

@Suite("Norm packs mixed for an unknown scanner")
struct NormPackMixtureTests {
  /// Packs of scanners A and B, the model they are for, and scans of a third scanner between them.
  private func made() throws -> (made: MadeUpScans, model: Model, bank: NormPackBank) {
    let made = try MadeUpScans([("A", 4, 2, 1, 0), ("B", 4, 2, 0.4, 1.5), ("C", 3, 2, 0.7, 0.7)])
    let model = try GoldenNetwork.model()
    let packs = try Recalibration().recalibratedForEachScanner(
      model, on: made.cohort.filtered { $0.scanner != "C" }.allForFitting(Ledger()), images: made.images,
      pseudonyms: Pseudonyms(key: Array(0..<32))
    ).map { $0.result.normPack(for: $0.scanner) }
    return (made, model, try NormPackBank(packs))
  }

  private func mixture(_ bank: NormPackBank, _ model: Model, _ scans: FeatureMaps) throws -> (NormPack, [ScannerID: Double])? {
    guard case .mixture(let pack, let weights) = try bank.choose(for: "C", policy: .mixture, model: model, scans: { scans }) else {
      return nil
    }
    return (pack, weights)
  }

  @Test("Weights are exp(-d) over their sum, d the mean symmetric KL at the first normalization; every value is the weighted mean")
  func weights() throws {
    let (made, model, bank) = try made()
    defer { made.remove() }
    let scans = try made.maps(made.cohort.filtered { $0.scanner == "C" }.records)
    let (pack, weights) = try #require(try mixture(bank, model, scans))
    // By brute force from the first convolution's output.
    let producer = model.graph["block1.bn"]!.inputs[0]
    let part = try model.graph.cut(from: [:], to: [producer])
    let maps = try Executor(graph: part, parameters: model.parameters, input: scans.shape)(scans)
    let values = maps.tensor.values.map(Double.init)
    let pixels = maps.shape.pixels
    let distances = bank.packs.map { pack -> Double in
      let state = pack.layers[0].parameters
      let divergences = (0..<maps.shape.channels).map { channel -> Double in
        let seen = (0..<maps.count).flatMap { image -> ArraySlice<Double> in
          let start = (image * maps.shape.channels + channel) * pixels
          return values[start..<(start + pixels)]
        }
        let mean = seen.reduce(0, +) / Double(seen.count)
        let variance = seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(seen.count) + 1e-5
        let expected = (mean: Double(state["running_mean"]![channel]), variance: Double(state["running_var"]![channel]) + 1e-5)
        let shift = (mean - expected.mean) * (mean - expected.mean)
        return (variance + shift) / (2 * expected.variance) + (expected.variance + shift) / (2 * variance) - 1
      }
      return divergences.reduce(0, +) / Double(divergences.count)
    }
    let likelihoods = distances.map { exp(-$0) }
    for (scanner, likelihood) in zip(bank.packs.map(\.scanner), likelihoods) {
      #expect(abs(weights[scanner]! - likelihood / likelihoods.reduce(0, +)) < 1e-4, "\(scanner): \(distances)")
    }
    for (index, layer) in pack.layers.enumerated() {
      for (field, mixed) in layer.parameters {
        for channel in 0..<mixed.count {
          let expected = bank.packs.reduce(0) { $0 + weights[$1.scanner]! * Double($1.layers[index].parameters[field]![channel]) }
          #expect(mixed[channel] == Float(expected), "\(layer.name).\(field)")
        }
      }
    }
  }

  @Test("Packs that are equally near share; the mixture of one pack is that pack's values")
  func ends() throws {
    let (made, model, bank) = try made()
    defer { made.remove() }
    let scans = try made.maps(made.cohort.filtered { $0.scanner == "C" }.records)
    let one = try NormPackBank([bank.packs[0]])
    let (pack, weights) = try #require(try mixture(one, model, scans))
    #expect(weights == ["A": 1] && pack.layers.map(\.parameters) == bank.packs[0].layers.map(\.parameters))
    let twin = NormPack(of: try bank.packs[0].applied(to: model), scanner: "twin", scanCount: 8, patientCount: 4)
    let pair = try #require(try mixture(try NormPackBank([bank.packs[0], twin]), model, scans))
    #expect(pair.1 == ["A": 0.5, "twin": 0.5] && pair.0.layers.map(\.parameters) == bank.packs[0].layers.map(\.parameters))
  }

  @Test("Packs of different kinds of normalization are not mixed")
  func structure() throws {
    let (made, model, bank) = try made()
    defer { made.remove() }
    let scans = try made.maps(made.cohort.filtered { $0.scanner == "C" }.records)
    let swapped = try InstanceNormalizationSwap(layers: .matching(["block2.bn"])).applied(to: model, checkedOn: scans)
    let other = NormPack(of: swapped, scanner: "Z", scanCount: 0, patientCount: 0)
    #expect(throws: NormPackBankError.differentStructure("A", "Z")) {
      _ = try mixture(try NormPackBank(bank.packs + [other]), model, scans)
    }
  }

  @Test("The policy's names are what files and the command line say")
  func names() throws {
    #expect(UnknownScannerPolicy.allCases.map(\.rawValue) == ["nearestStatistics", "mixture", "source", "refuse"])
    #expect(try JSONDecoder().decode([UnknownScannerPolicy].self, from: Data("[\"mixture\"]".utf8)) == [.mixture])
  }

  @Test("A pack's file is its scanner's name, and a hash where that can't be a file's")
  func fileNames() throws {
    let model = try GoldenNetwork.model()
    func name(_ scanner: ScannerID) -> String { NormPack(of: model, scanner: scanner, scanCount: 1, patientCount: 1).fileName }
    #expect(name("Siemens 3T") == "Siemens 3T.normpack.safetensors")
    for scanner: ScannerID in ["../x", "a/b", ".hidden", ""] {
      #expect(name(scanner).hasPrefix("scanner-") && !name(scanner).contains("/"))
    }
  }
}
