import Engine
import Graphs

/// Statistics of each normalization taken on the input it will see at inference: all scans move forward one normalization at a time.
///
/// Between two normalizations the scans rest at a cut: the live tensors after some node, skips included. From there to the next
/// normalization's input each convolution runs once, so the whole costs the arithmetic of one forward pass. A cut is kept only
/// where the tensors of all scans fit the memory budget; otherwise the scans stay at the last one that fits (or are loaded anew)
/// and what lies between is computed again. Chunks don't touch the result: moments are taken per scan and merged in order. Other
/// cuts may fuse other steps, so the budget touches float rounding.
package struct LayerSequentialPass {
  /// What was estimated at one layer.
  package struct Estimate: Sendable {
    package let layer: String
    package let moments: ChannelMoments
    package let stored: ChannelStatistics
  }

  /// What a layer is about to see.
  struct LayerInput {
    let layer: String
    /// Of all scans.
    let moments: ChannelMoments
    let scanCount: Int
    /// Sorted by patient; nil where they weren't asked for.
    let patients: [ChannelMoments]?
    /// In content-hash order; nil where they weren't asked for.
    let scans: [ChannelMoments]?
  }

  /// Where the scans rest: the node after which their live tensors were kept, and those tensors chunk by chunk.
  private struct Rest {
    var position = -1
    var names: [String] = []
    /// Nil where images are loaded again each time.
    var chunks: [Chunk]?
  }

  private struct Chunk {
    let scans: [StatisticsImages.Scan]
    let tensors: [String: FeatureMaps]
  }

  /// The part that the layers' inputs need.
  package private(set) var graph: Graph
  package let shapes: [String: FeatureShape]
  package let input: FeatureShape
  package let layers: [String]
  package let blend: StatisticsBlend
  package let memoryLimit: Int
  package let chunkSize: Int
  package let threads: Int?

  /// Floating-point operations spent per scan so far.
  package private(set) var operations = 0.0
  /// The readable scans, in content-hash order, known after the first layer.
  package private(set) var scans: [StatisticsImages.Scan] = []
  /// The layers' parameters, moved as the pass proceeds.
  package private(set) var parameters: Parameters

  /// - Parameter layers: recalibratable layers in node order.
  package init(
    graph: Graph, parameters: Parameters, input: FeatureShape, layers: [String], blend: StatisticsBlend = .targetOnly,
    memoryLimit: Int, chunkSize: Int = 16, threads: Int? = nil
  ) throws {
    self.graph = try graph.upTo(inputsOf: layers)
    self.parameters = parameters
    self.input = input
    self.layers = layers
    self.blend = blend
    self.memoryLimit = memoryLimit
    self.chunkSize = chunkSize
    self.threads = threads
    producers = Dictionary(uniqueKeysWithValues: layers.map { ($0, graph[$0]!.inputs[0]) })
    positions = Dictionary(uniqueKeysWithValues: graph.nodes.enumerated().map { ($1.name, $0) })
    shapes = try self.graph.shapes(input: input)
  }

  private let producers: [String: String]
  /// Each node's place in the whole graph, which the shortened one keeps.
  private let positions: [String: Int]

  /// Takes the statistics and stores them, layer by layer.
  ///
  /// - Parameter progress: called after each layer with its number, from 1.
  package mutating func run(over images: StatisticsImages, progress: (Int) -> Void = { _ in }) throws -> [Estimate] {
    var estimates: [Estimate] = []
    let blend = blend
    try run(over: images, keeping: blend.asksForPatients ? .patients : .nothing, progress: progress) { seen, _, parameters in
      let stored = try blend.stored(in: parameters, of: seen)
      parameters.setStatistics(stored, of: seen.layer)
      estimates.append(Estimate(layer: seen.layer, moments: seen.moments, stored: stored))
    }
    return estimates
  }

  /// Shows each layer's input, as it will be at inference, to `settle`, which may change the layer and its values before the scans go on.
  mutating func run(
    over images: StatisticsImages, keeping detail: MomentSum.Detail, progress: (Int) -> Void = { _ in },
    settle: (LayerInput, _ graph: inout Graph, _ parameters: inout Parameters) throws -> Void
  ) throws {
    let ranges = images.chunks(atMost: chunkSize)
    var rest = Rest()
    var sum = MomentSum(keeping: detail)
    for (index, layer) in layers.enumerated() {
      let producer = producers[layer]!
      if sum.moments[producer] == nil { try advance(&rest, to: layer, images, ranges, &sum) }
      guard let moments = sum.moments[producer] else { throw RecalibrationError.noScans(listed: images.listed) }
      let seen = LayerInput(
        layer: layer, moments: moments, scanCount: scans.count, patients: sum.patients(at: producer), scans: sum.scans(at: producer))
      if !layers[(index + 1)...].contains(where: { producers[$0] == producer }) { sum.forgetDetails(at: producer) }
      try settle(seen, &graph, &parameters)
      progress(index + 1)
    }
  }

  /// Runs all scans from where they rest up to `layer`, whose predecessors are settled by now, taking the moments of every
  /// normalization input on the way, and lets them rest as far on as memory allows.
  private mutating func advance(
    _ rest: inout Rest, to layer: String, _ images: StatisticsImages, _ ranges: [Range<Int>], _ sum: inout MomentSum
  ) throws {
    let settled = graph.nodes.indices.filter { positions[graph.nodes[$0].name]! < positions[layer]! }
    let settledNames = Set(settled.map { graph.nodes[$0].name })
    let observed = Set(layers.map { producers[$0]! }).filter { settledNames.contains($0) && sum.moments[$0] == nil }
    let next = settled.reversed().first { position in
      position > rest.position && bytes(of: graph.frontier(after: graph.nodes[position].name)) * images.listed <= memoryLimit
    }
    let kept = next.map { graph.frontier(after: graph.nodes[$0].name) } ?? []
    let from = rest.chunks == nil ? [:] : Dictionary(uniqueKeysWithValues: rest.names.map { ($0, shapes[$0]!.channels) })
    // A skip that rests already is handed on, not computed.
    let held = rest.chunks == nil ? graph.inputNodes : rest.names
    let outputs = graph.nodes.map(\.name).filter { observed.contains($0) || (kept.contains($0) && !held.contains($0)) }
    let cut = try graph.cut(from: from, to: outputs)
    let inputs = Dictionary(uniqueKeysWithValues: cut.inputNodes.map { ($0, shapes[$0]!) })
    let executor = try Executor(
      graph: cut, parameters: parameters, inputs: inputs, purpose: .inference(observing: observed), threads: threads)
    operations += executor.program(batch: 1).floatingPointOperations

    // `rest` lets go of them, so that a chunk's old tensors are freed as soon as it has moved, and the next one's stand in their place.
    let isLoaded = rest.chunks != nil
    var chunks = rest.chunks ?? []
    rest.chunks = nil
    var seen: [StatisticsImages.Scan] = []
    for (index, range) in ranges.enumerated() {
      let chunk = isLoaded ? chunks[index] : try load(range, of: images)
      seen += chunk.scans
      var moved = chunk
      if !chunk.scans.isEmpty {
        let outcome = try executor.run(chunk.tensors.filter { inputs[$0.key] != nil })
        for node in observed.sorted() { try sum.add(outcome.moments[node]!, at: node, of: chunk.scans) }
        moved = Chunk(
          scans: chunk.scans, tensors: Dictionary(uniqueKeysWithValues: kept.map { ($0, chunk.tensors[$0] ?? outcome.outputs[$0]!) }))
      }
      guard next != nil else { continue }
      if isLoaded { chunks[index] = moved } else { chunks.append(moved) }
    }
    if scans.isEmpty { scans = seen }
    if let changed = Set(scans).symmetricDifference(seen).map(\.id).min() { throw RecalibrationError.scanChanged(changed.rawValue) }
    if let next {
      rest = Rest(position: next, names: kept, chunks: chunks)
    } else if isLoaded {
      rest.chunks = chunks
    }
  }

  private func load(_ range: Range<Int>, of images: StatisticsImages) throws -> Chunk {
    let loaded = try images.load(range)
    return Chunk(scans: loaded.scans, tensors: loaded.maps.map { [graph.inputNodes[0]: $0] } ?? [:])
  }

  /// Bytes one scan's tensors take in the engine's layout.
  private func bytes(of names: [String]) -> Int {
    names.map { shapes[$0]!.paddedCount * MemoryLayout<Float>.stride }.reduce(0, +)
  }
}

extension StatisticsBlend {
  /// What a layer is to store after it was shown these scans.
  /// - Throws: `RecalibrationError` where they are too few.
  func stored(in parameters: Parameters, of seen: LayerSequentialPass.LayerInput) throws(RecalibrationError) -> ChannelStatistics {
    guard let target = ChannelStatistics(seen.moments) else {
      throw .tooFewValues(layer: seen.layer, count: Int(seen.moments.count))
    }
    return try blend(
      source: parameters.statistics(of: seen.layer), target: Target(target, scans: seen.scanCount, patients: seen.patients),
      layer: seen.layer)
  }
}
