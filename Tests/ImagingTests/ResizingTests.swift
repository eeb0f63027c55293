import Imaging
import Testing

@Suite("Resizing and cropping")
struct ResizingTests {
  struct Resizing: Decodable {
    struct Case: Decodable {
      let filter: ResamplingFilter
      let width: Int
      let height: Int
      let gray8: [Int]
      let gray16: [Int]
    }
    let width: Int
    let height: Int
    let gray8: [UInt16]
    let gray16: [UInt16]
    let cases: [Case]
  }

  @Test("8-bit images resize to Pillow's within one level, 16-bit images to its float result within one of 65536")
  func asPillow() throws {
    let golden = try Golden.read("resizing", as: Resizing.self)
    let gray8 = GrayImage(width: golden.width, height: golden.height, bitDepth: 8, samples: golden.gray8)
    let gray16 = GrayImage(width: golden.width, height: golden.height, bitDepth: 16, samples: golden.gray16)
    for expected in golden.cases {
      for (source, values) in [(gray8, expected.gray8), (gray16, expected.gray16)] {
        let resized = source.resized(toWidth: expected.width, height: expected.height, filter: expected.filter)
        #expect(resized.bitDepth == source.bitDepth && resized.samples.count == values.count)
        let worst = zip(resized.samples, values).map { abs(Int($0) - $1) }.max()
        #expect(worst! <= 1, "\(expected.filter) to \(expected.width)x\(expected.height), \(source.bitDepth) bits")
      }
    }
  }

  @Test("The shorter side's rule rounds as torchvision's Resize")
  func shortestSide() throws {
    for sizes in try Golden.read("sizes", as: [[Int]].self) {
      let image = GrayImage(width: sizes[0], height: sizes[1], bitDepth: 8, samples: Array(repeating: 9, count: sizes[0] * sizes[1]))
      let tensor = try Preprocessing(resize: .shortestSide(sizes[2])).apply(to: DecodedImage(image))
      #expect(tensor.shape.dimensions == [1, sizes[4], sizes[3]], "\(sizes)")
    }
  }

  struct Crop: Decodable {
    let width: Int
    let height: Int
    let cropWidth: Int
    let cropHeight: Int
    let values: [Float]
  }

  @Test("Centre crops take the pixels torchvision's CenterCrop takes, padding included")
  func crops() throws {
    for crop in try Golden.read("crops", as: [Crop].self) {
      let samples = (1...(crop.width * crop.height)).map { UInt16($0) }
      let image = DecodedImage(GrayImage(width: crop.width, height: crop.height, bitDepth: 8, samples: samples))
      let preprocessing = Preprocessing(
        centerCrop: Preprocessing.Crop(width: crop.cropWidth, height: crop.cropHeight), scaling: .window(low: 0, high: 256))
      let tensor = try preprocessing.apply(to: image)
      #expect(tensor.shape == preprocessing.outputShape && tensor.values.map { $0 * 256 } == crop.values)
    }
  }
}
