import Foundation
import Graphs
import Tensors

/// Tensors that PyTorch computed, by key (`tools/golden/blob.py`).
struct GoldenData {
  private let index: [String: Entry]
  private let values: [Float]

  private struct Entry: Decodable {
    let offset: Int
    let shape: [Int]

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      offset = try container.decode(Int.self)
      shape = try container.decode([Int].self)
    }
  }

  init(_ name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appending(path: "Fixtures/golden/engine")
    index = try JSONDecoder().decode([String: Entry].self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    let bytes = try Data(contentsOf: folder.appending(path: "\(name).bin"))
    values = bytes.withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map { Float(bitPattern: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self).littleEndian) }
    }
  }

  subscript(key: String) -> Tensor {
    guard let entry = index[key] else { preconditionFailure("no golden tensor \(key)") }
    let count = entry.shape.reduce(1, *)
    return Tensor(shape: Shape(entry.shape), values: values[entry.offset..<(entry.offset + count)])
  }

  func contains(_ key: String) -> Bool { index[key] != nil }

  /// Values for a graph, found under `prefix`; zero where PyTorch has none.
  func parameters(for graph: Graph, under prefix: String) -> Parameters {
    var parameters = Parameters(graph.parameters)
    for id in parameters.ids where contains("\(prefix)/\(id)") {
      parameters[id] = self["\(prefix)/\(id)"].reshaped(to: parameters.shape(of: id))
    }
    return parameters
  }
}

/// The largest difference between two sets of values, as a share of the largest expected value.
func relativeError(_ found: Tensor, _ expected: Tensor) -> Float {
  guard found.count == expected.count else { return .infinity }
  let scale = max(expected.values.map(abs).max() ?? 0, 1e-3)
  return zip(found.values, expected.values).map { abs($0 - $1) / scale }.reduce(0) { $1 <= $0 ? $0 : $1 }
}
