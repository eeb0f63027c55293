import Engine
import Graphs
import RandomStreams
import Tensors
import Testing

/// Seeded values in [-1, 1).
func seededTensor(_ shape: Shape, seed: UInt64 = 5) -> Tensor {
  var stream = RandomStream(seed: seed, purpose: "test values")
  return Tensor(shape: shape, values: (0..<shape.count).map { _ in Float(stream.uniform(-1, 1)) })
}

@Suite("Feature maps and moments")
struct FeatureMapsTests {
  @Test("NCHW goes in and comes out", arguments: [Shape([3, 5, 4, 2]), [1, 8, 1, 1], [2, 17, 3, 3], [4, 1, 2, 5]])
  func roundTrip(_ shape: Shape) {
    let tensor = seededTensor(shape)
    #expect(FeatureMaps(tensor).tensor == tensor)
  }

  @Test("A vector batch is a map of one pixel, and its rows are the rows")
  func rows() {
    let maps = FeatureMaps(Tensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]))
    #expect(maps.shape == .vector(3))
    #expect(maps.rows == [[1, 2, 3], [4, 5, 6]])
  }

  @Test("Items and joined take apart and put together")
  func itemsAndJoined() {
    let tensor = seededTensor([5, 3, 2, 2])
    let maps = FeatureMaps(tensor)
    #expect(maps.items(1..<3).tensor == tensor.items(1..<3))
    #expect(FeatureMaps.joined([maps.items(0..<2), maps.items(2..<5)]) == maps)
    #expect(maps.items(at: [4, 0]).tensor == FeatureMaps.joined([maps.items(4..<5), maps.items(0..<1)]).tensor)
  }

  @Test("Merged moments are those of all values together")
  func merging() {
    let values: [[Double]] = [[1, 2, 4], [-3, 0.5], [100, 101, 99, 98]]
    func moments(_ values: [Double]) -> ChannelMoments {
      let mean = values.reduce(0, +) / Double(values.count)
      return ChannelMoments(count: Double(values.count), mean: [mean], m2: [values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)])
    }
    let merged = ChannelMoments.merged(values.map(moments))!
    let whole = moments(values.flatMap(\.self))
    #expect(merged.count == 9)
    #expect(abs(merged.mean[0] - whole.mean[0]) < 1e-12 && abs(merged.m2[0] - whole.m2[0]) < 1e-9)
    #expect(abs(merged.unbiasedVariance![0] - whole.m2[0] / 8) < 1e-9 && abs(merged.biasedVariance[0] - whole.m2[0] / 9) < 1e-9)
    #expect(ChannelMoments(count: 1, mean: [1], m2: [0]).unbiasedVariance == nil)
  }
}
