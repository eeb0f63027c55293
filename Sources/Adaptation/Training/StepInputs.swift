import Engine
import Graphs

/// Where a step's inputs come from: features kept in memory, or scans streamed from files.
///
/// The part of the network that trains is `graph`, whose inputs are the images or the tensors at the end of the frozen prefix.
protocol StepInputs {
  var graph: Graph { get }
  var shapes: [String: FeatureShape] { get }
  /// The number of scans.
  var count: Int { get }

  /// Runs `body` on the inputs of each batch in order, until it returns false.
  /// - Parameter batches: positions of scans.
  func forEachBatch(_ batches: [[Int]], epoch: Int, _ body: (_ batch: Int, [String: FeatureMaps]) throws -> Bool) throws
}

/// Inputs held for all epochs: features at the end of the frozen prefix, computed once.
struct KeptInputs: StepInputs {
  let graph: Graph
  let shapes: [String: FeatureShape]
  let features: FrozenFeatures

  var count: Int { features.count }

  func forEachBatch(_ batches: [[Int]], epoch: Int, _ body: (Int, [String: FeatureMaps]) throws -> Bool) throws {
    for (index, batch) in batches.enumerated() {
      guard try body(index, features.items(at: batch)) else { return }
    }
  }
}
