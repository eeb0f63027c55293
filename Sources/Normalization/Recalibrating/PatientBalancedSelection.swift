import Cohorts
import RandomStreams

extension Sequence where Element == ScanRecord {
  /// At most `count` of these scans, as evenly over patients as their scans allow: round by round one scan of every patient, both in
  /// an order drawn from the seed that doesn't depend on the scans' order here.
  package func patientBalanced(_ count: Int, seed: UInt64) -> [ScanRecord] {
    func draw(_ content: String, _ purpose: String) -> UInt64 {
      var stream = RandomStream(seed: seed, purpose: purpose, content: content)
      return stream.next()
    }
    let patients = Dictionary(grouping: self, by: \.patient).sorted { left, right in
      (draw(left.key.rawValue, "patients for statistics"), left.key) < (draw(right.key.rawValue, "patients for statistics"), right.key)
    }
    let queues = patients.map { _, scans in
      scans.map { (draw($0.id.rawValue, "scans for statistics"), $0) }.sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }.map(\.1)
    }
    var chosen: [ScanRecord] = []
    for round in 0..<(queues.map(\.count).max() ?? 0) {
      for queue in queues where round < queue.count {
        guard chosen.count < count else { return chosen }
        chosen.append(queue[round])
      }
    }
    return chosen
  }
}
