import Graphs

/// Moments of a concatenation: those of its parts side by side, each taken once however many concatenations it is in.
struct ConcatenatedMomentsStep: Step {
  let node: String
  let moments: MomentsReference
  let parts: [MomentsReference]
  let images: Int

  var kernel: String { "moments of \(parts.count) parts" }
  var reads: [BufferID] { parts.map(\.buffer) }
  var writes: [BufferID] { [moments.buffer] }
  var bytesMoved: Double { 0 }

  func run(_ run: borrowing Run) {
    var first = 0
    for part in parts {
      for image in 0..<images {
        let target = image * moments.channels + first
        (run.means(moments) + target).update(from: run.means(part) + image * part.channels, count: part.channels)
        (run.m2(moments) + target).update(from: run.m2(part) + image * part.channels, count: part.channels)
      }
      first += part.channels
    }
  }
}
