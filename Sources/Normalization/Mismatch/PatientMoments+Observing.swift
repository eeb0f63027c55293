import Cohorts
import Engine
import Graphs
import ModelFiles

extension PatientMoments {
  /// What a model's normalizations see of some scans under the statistics it has: one forward pass, nothing fitted.
  ///
  /// - Parameter scans: in any role, for nothing is kept of them but a description.
  /// - Returns: the moments, and the scans that couldn't be read.
  /// - Throws: `LayerSelectionError`, `RecalibrationError` without a readable scan or for one that isn't numbers, the engine's errors.
  public static func observed(
    by model: Model, on scans: some ScanSet, images: ScanImages, threads: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> (moments: PatientMoments, failures: [ScanFailure]) {
    let layers = try LayerSelector.all.select(from: model.graph.recalibratableLayers)
    let producers = layers.map { model.graph[$0]!.inputs[0] }
    let part = try model.graph.upTo(inputsOf: layers)
    let executor = try Executor(
      graph: part, parameters: model.parameters, input: model.card.inputShape, purpose: .inference(observing: Set(producers)),
      threads: threads)
    let ordered = OrderedScans(scans.records, images: images, shape: model.card.inputShape)
    // Scans come in content-hash order, so those of one patient do too.
    var sums: [PatientID: MomentSum] = [:]
    var count = 0
    for range in ordered.images.chunks(atMost: 16) {
      let loaded = try ordered.load(range)
      guard let maps = loaded.maps else { continue }
      let outcome = try executor.run([model.input: maps])
      for node in Set(producers).sorted() {
        for (scan, moments) in zip(loaded.scans, outcome.moments[node]!) {
          try sums[scan.patient, default: MomentSum()].add([moments], at: node, of: [scan])
        }
      }
      count += loaded.scans.count
      progress(range.upperBound, ordered.images.listed)
    }
    guard count > 0 else { throw RecalibrationError.noScans(listed: scans.records.count) }
    let patients = sums.keys.sorted()
    let moments = PatientMoments(
      layers: layers, patients: patients, scanCount: count,
      moments: producers.map { node in patients.map { sums[$0]!.moments[node]! } })
    return (moments, ordered.failures)
  }
}

extension MismatchComparison {
  /// What a scanner's scans look like to the model against what its stored statistics expect.
  public func compare(_ target: PatientMoments, of scanner: ScannerID, with model: Model) -> MismatchReport {
    compare(
      target, of: scanner, withStored: target.layers.map { model.parameters.statistics(of: $0) },
      epsilons: Self.epsilons(of: target.layers, in: model.graph))
  }

  /// Two scanners as the model sees them.
  public func compare(
    _ target: PatientMoments, of scanner: ScannerID, with reference: PatientMoments, of referenceScanner: ScannerID, by model: Model
  ) -> MismatchReport {
    compare(
      target, of: scanner, with: reference, of: referenceScanner, epsilons: Self.epsilons(of: target.layers, in: model.graph))
  }

  /// Each layer's mean symmetric KL between what it saw and what the model's statistics expect.
  package static func divergences(of moments: PatientMoments, from model: Model) -> [Double] {
    let epsilons = epsilons(of: moments.layers, in: model.graph)
    return moments.layers.indices.map { index in
      average(
        MismatchMeasure.symmetricKL.values(
          source: model.parameters.statistics(of: moments.layers[index]), target: ChannelStatistics(biased: moments.pooled(layer: index)),
          epsilon: epsilons[index]))
    }
  }

  private static func epsilons(of layers: [String], in graph: Graph) -> [Double] {
    let all = Dictionary(uniqueKeysWithValues: graph.normalizations.map { ($0.name, Double($0.operation.epsilon)) })
    return layers.map { all[$0]! }
  }
}
