import Files
import Graphs
import ModelFiles

extension Parameters {
  /// SHA-256 over every value's bits: weights and statistics.
  var fingerprint: String {
    var bytes: [UInt8] = []
    for id in ids.sorted() {
      bytes += Array("\(id)".utf8)
      withValues(of: id) { bytes += UnsafeRawBufferPointer($0) }
    }
    return "\(ContentHash(of: bytes))"
  }

  /// The parameters whose bits differ.
  func differing(from other: Parameters) -> Set<ParameterID> { Set(ids.filter { !other.contains($0) || self[$0] != other[$0] }) }
}
