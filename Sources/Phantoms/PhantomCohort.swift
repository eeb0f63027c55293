import Imaging
import RandomStreams

/// A rendered cohort before its pixels: who is scanned where, and what they have. Any scan can be rendered alone, in any order.
public struct PhantomCohort: Sendable {
  public struct Patient: Hashable, Sendable {
    /// Such as `alpha-007`: numbered within the scanner.
    public let id: String
    public let scanner: ScannerModel
    /// What is in the image.
    public let finding: Finding
    /// What the manifest says, which label noise may have changed.
    public let label: Finding
  }

  public struct Scan: Hashable, Sendable {
    public let patient: Patient
    /// From 1.
    public let number: Int

    /// Relative to the cohort's folder.
    public var path: String { "\(patient.scanner.name)/\(fileName)" }

    var fileName: String { "\(patient.id)_\(number).png" }
  }

  public let specification: PhantomSpecification
  public let patients: [Patient]

  public init(_ specification: PhantomSpecification) throws(PhantomError) {
    try specification.validate()
    self.specification = specification
    patients = specification.scanners.indices.flatMap { Self.patients(of: specification, onScanner: $0) }
  }

  /// Patient after patient, in the manifest's order.
  public var scans: [Scan] {
    patients.flatMap { patient in (1...specification.scansPerPatient).map { Scan(patient: patient, number: $0) } }
  }

  /// A pure function of the specification's seed and image size, and of the scan.
  public func image(of scan: Scan) -> GrayImage {
    let size = specification.imageSize
    var anatomyStream = stream("phantom anatomy", scan.patient.id)
    let anatomy = Anatomy(scan.patient.finding, using: &anatomyStream)
    var scanStream = stream("phantom scan", scan.fileName)
    let pose = Pose(using: &scanStream)
    var signal: [Double] = []
    signal.reserveCapacity(size * size)
    for y in 0..<size {
      for x in 0..<size {
        let point = pose.anatomical(2 * (Double(x) + 0.5) / Double(size) - 1, 2 * (Double(y) + 0.5) / Double(size) - 1)
        signal.append(anatomy.signal(point.x, point.y))
      }
    }
    return scan.patient.scanner.scan(signal, size: size, using: &scanStream)
  }

  /// Exact counts: lesions, and wrong labels within each finding, are rounded fractions of the scanner's patients in a random order.
  private static func patients(of specification: PhantomSpecification, onScanner index: Int) -> [Patient] {
    let scanner = specification.scanners[index]
    let count = specification.patientsPerScanner
    var stream = RandomStream(seed: specification.seed, purpose: "phantom labels", content: scanner.name)
    let lesions = Int((specification.lesionFraction(onScanner: index) * Double(count)).rounded())
    let findings = (0..<count).map { $0 < lesions ? Finding.lesion : .benign }.shuffled(using: &stream)
    let mislabelled = Set((0..<count).shuffled(using: &stream).prefix(Int((specification.labelNoise * Double(count)).rounded())))
    let digits = String(specification.firstPatient + count - 1).count
    return findings.enumerated().map { position, finding in
      let number = String(specification.firstPatient + position)
      let id = "\(scanner.name)-\(String(repeating: "0", count: max(3, digits) - number.count))\(number)"
      let label = mislabelled.contains(position) ? (finding == .lesion ? Finding.benign : .lesion) : finding
      return Patient(id: id, scanner: scanner, finding: finding, label: label)
    }
  }

  private func stream(_ purpose: String, _ content: String) -> RandomStream {
    RandomStream(seed: specification.seed, purpose: purpose, content: content)
  }
}
