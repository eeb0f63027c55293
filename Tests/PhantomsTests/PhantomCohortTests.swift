import Foundation
import Imaging
import Phantoms
import Testing

@Suite("Phantom cohorts")
struct PhantomCohortTests {
  @Test("The same seed renders the same bits, in any order; another seed, other bits")
  func seeded() throws {
    let specification = PhantomSpecification(patientsPerScanner: 3, scansPerPatient: 2, imageSize: 32)
    let cohort = try PhantomCohort(specification)
    let again = try PhantomCohort(specification)
    let forwards = cohort.scans.map { cohort.image(of: $0) }
    #expect(again.scans.reversed().map { again.image(of: $0) }.reversed() == forwards)
    #expect(Set(forwards).count == 12)
    var other = specification
    other.seed = 2
    let another = try PhantomCohort(other)
    #expect(zip(another.scans, forwards).allSatisfy { another.image(of: $0) != $1 })
  }

  @Test("Adding patients to one scanner or scans to a patient leaves those there were as they are")
  func stableUnderGrowth() throws {
    let small = try PhantomCohort(PhantomSpecification(scanners: [.beta], patientsPerScanner: 1, scansPerPatient: 1, imageSize: 32))
    let large = try PhantomCohort(PhantomSpecification(patientsPerScanner: 2, scansPerPatient: 3, imageSize: 32, lesionFraction: 1))
    let twin = try #require(large.scans.first { $0.path == small.scans[0].path })
    // One patient of one is a lesion at a fraction of one half, rounded; so are all of them at a fraction of 1.
    #expect(small.image(of: small.scans[0]) == large.image(of: twin))
  }

  @Test("Lesions, confounding and wrong labels come in exact numbers")
  func composition() throws {
    func fractions(_ specification: PhantomSpecification) throws -> [Double] {
      let patients = try PhantomCohort(specification).patients
      return specification.scanners.map { scanner in
        Double(patients.count { $0.scanner == scanner && $0.finding == .lesion }) / Double(specification.patientsPerScanner)
      }
    }
    let three: [ScannerModel] = [.alpha, .beta, .gamma]
    #expect(try fractions(PhantomSpecification(scanners: three, patientsPerScanner: 40, lesionFraction: 0.3)) == [0.3, 0.3, 0.3])
    let confounded = PhantomSpecification(scanners: three, patientsPerScanner: 40, lesionFraction: 0.25, confounding: 1)
    #expect(try fractions(confounded) == [0.5, 0.25, 0])
    let noisy = try PhantomCohort(PhantomSpecification(patientsPerScanner: 50, labelNoise: 0.1)).patients
    #expect(noisy.count { $0.finding != $0.label } == 10)
    #expect(Set(noisy.map(\.id)).count == 100)
  }

  @Test("Scans of one patient are nearer to each other, on average, than to other patients' scans")
  func anatomyPersists() throws {
    let cohort = try PhantomCohort(PhantomSpecification(scanners: [.alpha], patientsPerScanner: 20, scansPerPatient: 2, imageSize: 48))
    let images = cohort.scans.map { scan in cohort.image(of: scan).samples.map { Double($0) } }
    func distance(_ a: Int, _ b: Int) -> Double { zip(images[a], images[b]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    var (within, between) = (0.0, 0.0)
    for patient in 0..<20 {
      within += distance(2 * patient, 2 * patient + 1) / 20
      between += distance(2 * patient, (2 * patient + 3) % 40) / 20
    }
    #expect(within < 0.7 * between)
  }

  @Test("Neither mean intensity nor its spread nor its brightest tenth tells lesions from benign nodules")
  func noHistogramCue() throws {
    let cohort = try PhantomCohort(PhantomSpecification(scanners: [.alpha], patientsPerScanner: 400, scansPerPatient: 1, imageSize: 48))
    let cases = cohort.scans.map { scan in
      (isLesion: scan.patient.finding == .lesion, values: cohort.image(of: scan).samples.map { Double($0) }.sorted())
    }
    func areaUnderCurve(_ score: ([Double]) -> Double) -> Double {
      let lesions = cases.filter(\.isLesion).map { score($0.values) }
      let benign = cases.filter { !$0.isLesion }.map { score($0.values) }
      let wins = lesions.reduce(0) { sum, lesion in sum + benign.count { $0 < lesion } }
      return Double(wins) / Double(lesions.count * benign.count)
    }
    func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
    let scores: [([Double]) -> Double] = [
      { mean($0) }, { values in mean(values.map { ($0 - mean(values)) * ($0 - mean(values)) }) }, { mean($0.suffix($0.count / 10)) },
    ]
    // 200 against 200: one standard error of the area is 0.029 when nothing is to be seen.
    for score in scores { #expect(abs(areaUnderCurve(score) - 0.5) < 0.09) }
  }

  @Test(
    "A specification that cannot be rendered is an error naming the field",
    arguments: [
      PhantomSpecification(scanners: []), PhantomSpecification(scanners: [.alpha, .alpha]), PhantomSpecification(patientsPerScanner: 0),
      PhantomSpecification(imageSize: 8), PhantomSpecification(lesionFraction: .nan), PhantomSpecification(confounding: 2),
      PhantomSpecification(labelNoise: -0.1), PhantomSpecification(scanners: [ScannerModel(name: "../x")]),
      PhantomSpecification(scanners: [ScannerModel(name: "x", bitDepth: 12)]),
      PhantomSpecification(scanners: [ScannerModel(name: "x", gain: 0)]),
    ])
  func refusals(_ specification: PhantomSpecification) {
    #expect(throws: PhantomError.self) { try PhantomCohort(specification) }
  }
}
