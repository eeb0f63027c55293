import Cohorts
import Experiments
import Files

/// A run's own key for pseudonyms, where the site gave none. It lies with the folds' records, which name patients in the clear anyway, so
/// that a run gathered or continued later gives patients the same names.
struct OwnKey {
  private let bytes: [UInt8]

  init() {
    var generator = SystemRandomNumberGenerator()
    bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  var pseudonyms: Pseudonyms { Pseudonyms(key: hexadecimal) }

  func kept(in folder: RunFolder) throws -> Pseudonyms {
    let path = "\(folder.path)/folds/pseudonym.key"
    if !Folder.holds("pseudonym.key", in: "\(folder.path)/folds") {
      try Folder.create("\(folder.path)/folds")
      try AtomicFile.write(hexadecimal, to: path)
    }
    return try Pseudonyms(keyFile: path)
  }

  /// As text, because a key file is read without white space at its end.
  private var hexadecimal: [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}
