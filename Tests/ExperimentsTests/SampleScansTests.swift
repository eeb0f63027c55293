import Evaluation
import Experiments
import Imaging
import Testing

@Suite("Sample scans for a report")
struct SampleScansTests {
  @Test("Each round takes one right and one wrong scan of every class and scanner that has them, whatever the shares")
  func balanced() {
    // Per scanner and class: (right, wrong).
    let counts: [(scanner: String, label: Int, right: Int, wrong: Int)] = [
      ("A", 0, 40, 3), ("A", 1, 30, 2), ("B", 0, 25, 2), ("B", 1, 20, 5),
    ]
    let predictions = counts.flatMap { kind in
      (0..<(kind.right + kind.wrong)).map { index in
        let isRight = index < kind.right
        let decision = isRight ? kind.label : 1 - kind.label
        return Prediction(
          scan: "\(kind.scanner)\(kind.label)-\(index)", patient: "p\(index)", scanner: kind.scanner, label: kind.label,
          probabilities: decision == 1 ? [0.2, 0.8] : [0.8, 0.2])
      }
    }
    let ordered = SampleScans.ordered(predictions, seed: 5)
    #expect(ordered.count == predictions.count && Set(ordered.map(\.scan)).count == predictions.count)
    let first = ordered.prefix(16)
    for kind in counts {
      let own = first.filter { $0.scanner == kind.scanner && $0.label == kind.label }
      #expect(own.count == 4 && own.count { $0.label == $0.decision } == 2)
    }
    #expect(SampleScans.ordered(predictions.reversed(), seed: 5).map(\.scan) == ordered.map(\.scan))
    #expect(SampleScans.ordered(predictions, seed: 6).map(\.scan) != ordered.map(\.scan))
  }

  @Test("A thumbnail fits the side, keeps the shape and spans black to white whatever depth the scan has")
  func thumbnail() {
    let row = (0..<400).map { UInt16(2000 + 5 * $0) }
    let samples = Array(repeatElement(row, count: 200).joined())
    let small = GrayImage(width: 400, height: 200, bitDepth: 16, samples: samples).thumbnail(side: 128)
    #expect(small.width == 128 && small.height == 64 && small.bitDepth == 8)
    #expect(small[0, 0] == 0 && small[127, 63] == 255)
    #expect((124...132).contains(small[64, 32]))
    let flat = GrayImage(width: 4, height: 4, bitDepth: 8, samples: [UInt16](repeating: 9, count: 16)).thumbnail(side: 128)
    #expect(flat.width == 4 && Set(flat.samples) == [0])
  }
}
