import Foundation

/// The peers' processes of one run; none without a Python to run them.
struct Peers {
  let processes: [Peer.Kind: Peer]

  init(python: String?, script: String, threads: Int) throws {
    guard let python else {
      processes = [:]
      return
    }
    processes = Dictionary(
      uniqueKeysWithValues: try Peer.Kind.allCases.map { ($0, try Peer($0, python: python, script: script, threads: threads)) })
  }

  private init() { processes = [:] }

  static var none: Peers { Peers() }

  var versions: [String: String] { processes.values.first?.versions ?? [:] }
}

/// Why a comparison would mean nothing.
enum PeerError: Error, CustomStringConvertible {
  /// 10⁹ operations of one image.
  case otherNetwork(String, ours: Double, theirs: Double)
  /// The process ended without an answer.
  case silent

  var description: String {
    switch self {
    case .otherNetwork(let name, let ours, let theirs): "\(name) is \(ours) GFLOP here and \(theirs) GFLOP at the peer"
    case .silent: "the peer's process ended without an answer; does its Python have torch and torchvision?"
    }
  }
}
