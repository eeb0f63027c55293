/// What to render: how many patients on which scanners, and how the labels lie.
public struct PhantomSpecification: Codable, Hashable, Sendable {
  public var scanners: [ScannerModel]
  public var patientsPerScanner: Int
  /// The number in the first patient's id, so that two cohorts can have different people.
  public var firstPatient: Int
  public var scansPerPatient: Int
  /// Pixels a side.
  public var imageSize: Int
  /// The fraction of patients with a lesion, over all scanners.
  public var lesionFraction: Double
  /// −1…1: how strongly the label goes with the scanner. At 1 the first scanner has as many lesions as `lesionFraction` allows and the last as
  /// few, those between lie on a line; at −1 the other way round; at 0 every scanner has `lesionFraction`.
  public var confounding: Double
  /// The fraction of patients whose label in the manifest is wrong.
  public var labelNoise: Double
  public var seed: UInt64
  /// Also writes `SCANNER/manifest.csv`, so that each scanner's folder can be used alone.
  public var manifestPerScanner: Bool

  public init(
    scanners: [ScannerModel] = [.alpha, .beta], patientsPerScanner: Int = 60, firstPatient: Int = 1, scansPerPatient: Int = 4,
    imageSize: Int = 64,
    lesionFraction: Double = 0.5, confounding: Double = 0, labelNoise: Double = 0, seed: UInt64 = 1, manifestPerScanner: Bool = false
  ) {
    self.scanners = scanners
    self.patientsPerScanner = patientsPerScanner
    self.firstPatient = firstPatient
    self.scansPerPatient = scansPerPatient
    self.imageSize = imageSize
    self.lesionFraction = lesionFraction
    self.confounding = confounding
    self.labelNoise = labelNoise
    self.seed = seed
    self.manifestPerScanner = manifestPerScanner
  }

  /// The fraction of lesions among the patients of the scanner at `index`.
  func lesionFraction(onScanner index: Int) -> Double {
    let room = min(lesionFraction, 1 - lesionFraction)
    let place = scanners.count > 1 ? 1 - 2 * Double(index) / Double(scanners.count - 1) : 0
    return lesionFraction + confounding * place * room
  }

  func validate() throws(PhantomError) {
    func check(_ holds: Bool, _ field: String, _ found: String, _ expected: String) throws(PhantomError) {
      if !holds { throw .specification(field: field, found: found, expected: expected) }
    }
    try check(!scanners.isEmpty, "scanners", "none", "at least one")
    try check(Set(scanners.map(\.name)).count == scanners.count, "scanners", "a name twice", "different names")
    for scanner in scanners { try scanner.validate() }
    try check((1...100_000).contains(patientsPerScanner), "patients per scanner", "\(patientsPerScanner)", "1 to 100000")
    try check((1...1_000_000).contains(firstPatient), "first patient", "\(firstPatient)", "1 to 1000000")
    try check((1...1000).contains(scansPerPatient), "scans per patient", "\(scansPerPatient)", "1 to 1000")
    try check((16...2048).contains(imageSize), "image size", "\(imageSize)", "16 to 2048")
    try check((0...1).contains(lesionFraction), "lesion fraction", "\(lesionFraction)", "0 to 1")
    try check((-1...1).contains(confounding), "confounding", "\(confounding)", "-1 to 1")
    try check((0...1).contains(labelNoise), "label noise", "\(labelNoise)", "0 to 1")
  }
}

extension ScannerModel {
  func validate() throws(PhantomError) {
    func check(_ holds: Bool, _ field: String, _ found: String, _ expected: String) throws(PhantomError) {
      if !holds { throw .specification(field: "scanner '\(name)': \(field)", found: found, expected: expected) }
    }
    let isPlain = !name.isEmpty && name.utf8.count <= 64 && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    try check(isPlain, "name", "'\(name)'", "letters, digits and hyphens")
    try check(gain > 0 && gain.isFinite, "gain", "\(gain)", "a positive number")
    try check(offset.isFinite, "offset", "\(offset)", "a number")
    try check(gamma > 0 && gamma.isFinite, "gamma", "\(gamma)", "a positive number")
    try check((0...16).contains(blur), "blur", "\(blur)", "0 to 16 pixels")
    try check((0...1).contains(vignetting), "vignetting", "\(vignetting)", "0 to 1")
    try check(bitDepth == 8 || bitDepth == 16, "bit depth", "\(bitDepth)", "8 or 16")
    let deviation =
      switch noise {
      case .gaussian(let deviation), .rician(let deviation): deviation
      }
    try check(deviation >= 0 && deviation.isFinite, "noise", "\(deviation)", "0 or more")
  }
}
