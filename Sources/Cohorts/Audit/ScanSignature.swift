import Imaging

/// What near duplicates are searched by: 80 spectral magnitudes, and a band-passed 32-pixel thumbnail in 8 bits. 1.3 KB a scan.
package struct ScanSignature: Sendable {
  package static let side = 32

  package let descriptor: [Float]
  package let band: [Int8]

  package init(_ thumbnail: RankThumbnail) {
    descriptor = SpectralDescriptor.values(of: thumbnail)
    let values = thumbnail.bandPassed(fine: 0.7, coarse: 3)
    let largest = values.reduce(0) { max($0, abs($1)) }
    band = values.map { Int8((largest > 0 ? $0 / largest * 127 : 0).rounded()) }
  }

  package init(descriptor: [Float], band: [Int8]) {
    self.descriptor = descriptor
    self.band = band
  }
}

/// Many signatures, end to end in two arrays.
package struct SignatureStore: Sendable {
  /// Numbers of the scans, ascending; the position is the signature's.
  package private(set) var scans: [Int] = []
  private(set) var descriptors: [Float] = []
  private var bands: [Int8] = []

  var count: Int { scans.count }

  package init() {}

  package mutating func append(_ signature: ScanSignature, of scan: Int) {
    scans.append(scan)
    descriptors += signature.descriptor
    bands += signature.band
  }

  func descriptor(_ position: Int) -> ArraySlice<Float> {
    descriptors[(position * SpectralDescriptor.count)..<((position + 1) * SpectralDescriptor.count)]
  }

  func band(_ position: Int) -> [Float] {
    let length = ScanSignature.side * ScanSignature.side
    return bands[(position * length)..<((position + 1) * length)].map { Float($0) }
  }
}
