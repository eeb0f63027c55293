import Cohorts
import Imaging
import RandomStreams
import Testing

@Suite("Near duplicates")
struct NearDuplicateTests {
  static let changes: [(name: String, change: @Sendable (GrayImage) -> GrayImage)] = [
    ("half size", { $0.resized(toWidth: $0.width / 2, height: $0.height / 2) }),
    ("twice the size", { $0.resized(toWidth: 2 * $0.width, height: 2 * $0.height) }),
    ("stretched", { $0.resized(toWidth: $0.width * 5 / 4, height: $0.height) }),
    ("shifted by 2 and 3 pixels of 128", { $0.shifted(2, 3) }),
    ("flipped across", { $0.flippedAcross }),
    ("flipped down", { $0.flippedDown }),
    ("turned by half", { $0.flippedAcross.flippedDown }),
    ("inverted", { $0.inverted }),
    ("darker gamma", { $0.mapped { $0 * $0.squareRoot() } }),
    ("brighter gamma", { $0.mapped { $0.squareRoot() } }),
    ("windowed", { $0.mapped { ($0 - 0.1) * 1.6 } }),
    ("fewer grays", { $0.mapped { ($0 * 31).rounded() / 31 } }),
    ("16 bits at a sixteenth", { $0.mapped(to: 16) { $0 / 16 } }),
    ("inverted and flipped", { $0.flippedAcross.inverted }),
  ]

  @Test("Each change of a scan under another patient's name is found among few scans and among many", arguments: [12, 40])
  func found(patientsPerScanner: Int) throws {
    var phantoms = try AuditPhantoms(patientsPerScanner: patientsPerScanner, size: 128)
    let originals = phantoms.scans.count
    for (number, change) in Self.changes.enumerated() { phantoms.plant(change.change(phantoms.scans[number].image), of: number) }
    let result = try phantoms.audit()
    let finding = try #require(result.finding(.nearDuplicates))
    for (number, change) in Self.changes.enumerated() {
      let pair = [PatientID(phantoms.scans[number].patient), PatientID(phantoms.scans[originals + number].patient)].sorted()
      #expect(finding.groups.contains(pair), "\(change.name)")
    }
    #expect(finding.groups.count == Self.changes.count)
  }

  @Test("Scans under 48 pixels are not searched, and a note says so")
  func tooSmall() throws {
    var phantoms = try AuditPhantoms(size: 32)
    phantoms.plant(phantoms.scans[0].image.inverted, of: 0)
    let result = try phantoms.audit()
    #expect(result.searched == 0 && !result.hasLeak)
    #expect(result.finding(.nearDuplicatesNotSearched)?.scanCount == 25)
  }

  @Test("The index finds exactly the pairs that comparing all finds")
  func index() {
    var random = RandomStream(seed: 3, purpose: "hashes")
    var hashes: [PerceptualHash] = []
    for _ in 0..<400 { hashes.append(PerceptualHash(words: SIMD2(random.next(), random.next() & 0xFFFF))) }
    // Neighbours at every distance from 0 to 40.
    for distance in 0...40 {
      for _ in 0..<10 {
        var words = hashes[Int(random.next() % 400)].words
        for bit in (0..<80).shuffled(using: &random).prefix(distance) { words[bit / 64] ^= 1 << UInt64(bit % 64) }
        hashes.append(PerceptualHash(words: words))
      }
    }
    let index = HashIndex(hashes)
    var seen = [Int32](repeating: -1, count: hashes.count)
    var pairs = 0
    for position in hashes.indices {
      var found: [Int] = []
      index.forEachNeighbour(before: position, seen: &seen) { found.append($0) }
      let expected = (0..<position).filter { hashes[$0].distance(to: hashes[position]) <= HashIndex.reach }
      #expect(found.sorted() == expected)
      pairs += expected.count
    }
    #expect(pairs >= 200)
  }
}
