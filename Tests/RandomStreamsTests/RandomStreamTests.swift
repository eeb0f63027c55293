import RandomStreams
import Testing

@Suite("RandomStream")
struct RandomStreamTests {
  @Test("Philox4x32-10 gives Random123's known answers")
  func knownAnswers() {
    #expect(Philox4x32(key: [0, 0]).block(at: [0, 0, 0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = UInt32.max
    #expect(
      Philox4x32(key: [ones, ones]).block(at: [ones, ones, ones, ones])
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
  }

  @Test("Equal keys give equal streams; any part of the key that differs gives another")
  func keys() {
    func first(_ seed: UInt64, _ purpose: String, _ epoch: Int, _ content: String) -> UInt64 {
      var stream = RandomStream(seed: seed, purpose: purpose, epoch: epoch, content: content)
      return stream.next()
    }
    let base = first(1, "augmentation", 0, "ab")
    #expect(base == first(1, "augmentation", 0, "ab"))
    let others = [
      first(2, "augmentation", 0, "ab"), first(1, "dropout", 0, "ab"), first(1, "augmentation", 1, "ab"),
      first(1, "augmentation", 0, "ac"), first(1, "augmentationa", 0, "b"),
    ]
    #expect(Set(others + [base]).count == others.count + 1)
  }

  @Test("Uniform and normal draws have the moments of their distributions")
  func moments() {
    var stream = RandomStream(seed: 3, purpose: "test")
    let count = 200_000
    let uniform = (0..<count).map { _ in stream.uniform() }
    let normal = (0..<count).map { _ in stream.normal() }
    let n = Double(count)
    // Five standard errors each: 1/sqrt(12 n), 1/sqrt(n), sqrt(2/n).
    #expect(abs(uniform.reduce(0, +) / n - 0.5) < 5 / (12 * n).squareRoot())
    #expect(abs(normal.reduce(0, +) / n) < 5 / n.squareRoot())
    #expect(abs(normal.map { $0 * $0 }.reduce(0, +) / n - 1) < 5 * (2 / n).squareRoot())
  }
}
