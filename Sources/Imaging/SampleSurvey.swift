/// What can be said of one scan's samples without knowing what they show: the facts behind checks of every file.
package struct SampleSurvey: Hashable, Sendable {
  /// Rows or columns at an edge whose samples are all one value.
  package struct Border: Hashable, Sendable {
    package var left = 0
    package var right = 0
    package var top = 0
    package var bottom = 0
  }

  package let width: Int
  package let height: Int
  package let bitDepth: Int
  package let color: DecodedImage.Color
  package let minimum: UInt16
  package let maximum: UInt16
  /// The share of pixels at the largest value that occurs.
  package let shareAtMaximum: Double
  /// The share of the most frequent value among 4096 equal steps of the range; 1 for a constant scan.
  package let shareOfCommonest: Double
  package let border: Border

  package var isConstant: Bool { minimum == maximum }

  /// Bits that the largest sample needs.
  package var bitsInUse: Int { 16 - maximum.leadingZeroBitCount }

  /// The share of the area that constant edges take.
  package var borderShare: Double {
    let inner = max(0, width - border.left - border.right) * max(0, height - border.top - border.bottom)
    return 1 - Double(inner) / Double(width * height)
  }

  /// - Parameters:
  ///   - image: the file as stored.
  ///   - gray: its one plane, after color rules.
  package init(_ image: DecodedImage, gray: GrayImage) {
    (width, height, bitDepth, color) = (image.width, image.height, image.bitDepth, image.color)
    let samples = gray.samples
    let (low, high) = (samples.min() ?? 0, samples.max() ?? 0)
    (minimum, maximum) = (low, high)
    let span = Int(high) - Int(low) + 1
    let steps = min(span, 4096)
    var counts = [Int](repeating: 0, count: steps)
    var atHigh = 0
    for sample in samples {
      counts[(Int(sample) - Int(low)) * steps / span] += 1
      if sample == high { atHigh += 1 }
    }
    let count = Double(samples.count)
    shareAtMaximum = Double(atHigh) / count
    shareOfCommonest = Double(counts.max() ?? 0) / count
    border = low == high ? Border() : Self.border(of: gray)
  }

  private static func border(of image: GrayImage) -> Border {
    let (width, height) = (image.width, image.height)
    return image.samples.withUnsafeBufferPointer { samples in
      func rowIsConstant(_ y: Int) -> Bool { (0..<width).allSatisfy { samples[y * width + $0] == samples[y * width] } }
      func columnIsConstant(_ x: Int) -> Bool { (0..<height).allSatisfy { samples[$0 * width + x] == samples[x] } }
      return Border(
        left: (0..<width).first { !columnIsConstant($0) } ?? width,
        right: (0..<width).first { !columnIsConstant(width - 1 - $0) } ?? width,
        top: (0..<height).first { !rowIsConstant($0) } ?? height,
        bottom: (0..<height).first { !rowIsConstant(height - 1 - $0) } ?? height)
    }
  }
}
