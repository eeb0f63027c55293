import Foundation
import Imaging
import RandomStreams
import Tensors
import Testing

@Suite("Augmentation")
struct AugmentationTests {
  private func stream(_ content: Int) -> RandomStream { RandomStream(seed: 3, purpose: "augmentation", epoch: 1, content: "\(content)") }

  private let ramp = Tensor(shape: [2, 8, 12], values: (0..<192).map { Float($0 * $0 % 97) })

  @Test("Nothing switched on changes nothing")
  func neutral() {
    var stream = stream(0)
    #expect(Augmentation().apply(to: ramp, using: &stream) == ramp)
  }

  @Test("A flip mirrors exactly, about half the time")
  func flips() {
    let mirrored = Tensor(shape: ramp.shape, values: (0..<192).map { ramp[$0 / 12 * 12 + 11 - $0 % 12] })
    let results = (0..<400).map { index in
      var stream = stream(index)
      return Augmentation(horizontalFlip: true).apply(to: ramp, using: &stream)
    }
    #expect(results.allSatisfy { $0 == ramp || $0 == mirrored })
    #expect((160...240).contains(results.count { $0 == mirrored }))
  }

  @Test("Warping an affine ramp gives the affine ramp of the inverse map, away from the edges")
  func warp() {
    func height(_ x: Double, _ y: Double) -> Double { 3 * x - 2 * y }
    var plane = Tensor(shape: [1, 41, 41])
    for y in 0..<41 {
      for x in 0..<41 { plane[y * 41 + x] = Float(height(Double(x) - 20, Double(y) - 20)) }
    }
    let augmentation = Augmentation(rotationDegrees: 30, scale: 0.2)
    for index in 0..<20 {
      var draws = stream(index)
      _ = draws.uniform()
      let angle = draws.uniform(-1, 1) * 30 * .pi / 180
      let magnification = pow(1.2, draws.uniform(-1, 1))
      var warping = stream(index)
      let result = augmentation.apply(to: plane, using: &warping)
      for (x, y) in [(0, 0), (5, -3), (-8, 8), (9, 9), (-9, 2)] {
        let sourceX = (Double(x) * cos(angle) + Double(y) * sin(angle)) / magnification
        let sourceY = (-Double(x) * sin(angle) + Double(y) * cos(angle)) / magnification
        let warped = Double(result[(y + 20) * 41 + x + 20])
        #expect(abs(warped - height(sourceX, sourceY)) < 1e-3)
      }
    }
  }

  @Test("Intensity is gain times x plus offset, within the strengths, and the same for every channel")
  func intensity() {
    for index in 0..<50 {
      var stream = stream(index)
      let result = Augmentation(intensityGain: 0.2, intensityOffset: 0.3).apply(to: ramp, using: &stream)
      // The ramp starts with 0 and 1.
      let offset = result[0]
      let gain = result[1] - offset
      #expect(abs(offset) <= 0.3 && abs(gain - 1) <= 0.2 + 1e-6)
      #expect(zip(result.values, ramp.values).allSatisfy { abs($0 - (gain * $1 + offset)) < 1e-3 })
    }
  }

  @Test("The same stream gives the same bits")
  func repeatable() {
    let augmentation = Augmentation(horizontalFlip: true, rotationDegrees: 10, scale: 0.1, intensityGain: 0.1, intensityOffset: 0.1)
    let results = (0..<2).map { _ in
      var stream = stream(7)
      return augmentation.apply(to: ramp, using: &stream)
    }
    #expect(results[0] == results[1] && results[0] != ramp)
  }

  @Test("Settings survive JSON, missing fields are neutral, negative strengths are refused")
  func json() throws {
    let augmentation = Augmentation(horizontalFlip: true, rotationDegrees: 5)
    #expect(try JSONDecoder().decode(Augmentation.self, from: JSONEncoder().encode(augmentation)) == augmentation)
    #expect(try JSONDecoder().decode(Augmentation.self, from: Data("{}".utf8)) == Augmentation())
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Augmentation.self, from: Data(#"{"scale": -2}"#.utf8)) }
  }
}
