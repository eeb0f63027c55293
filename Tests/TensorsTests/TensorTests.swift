import Tensors
import Testing

@Suite("Tensor")
struct TensorTests {
  @Test("A copy keeps its values when the original is written")
  func copyOnWrite() {
    var original = Tensor(shape: [2, 3], values: [0, 1, 2, 3, 4, 5])
    let copy = original
    original[4] = -1
    #expect(copy.values == [0, 1, 2, 3, 4, 5])
    #expect(original.values == [0, 1, 2, 3, -1, 5])
  }

  @Test("Items along the outermost axis keep the inner shape and order")
  func items() {
    let tensor = Tensor(shape: [3, 2], values: [0, 1, 2, 3, 4, 5])
    #expect(tensor.items(1..<3) == Tensor(shape: [2, 2], values: [2, 3, 4, 5]))
  }

  @Test("Storage starts on a 64-byte boundary")
  func alignment() {
    for count in [1, 7, 1000] {
      Tensor(shape: [count]).withUnsafeBuffer { #expect(Int(bitPattern: $0.baseAddress!) % 64 == 0) }
    }
  }

  @Test("Equality is bitwise")
  func equality() {
    #expect(Tensor(shape: [1], values: [.nan]) == Tensor(shape: [1], values: [.nan]))
    #expect(Tensor(shape: [1], values: [0]) != Tensor(shape: [1], values: [-0.0]))
  }
}
