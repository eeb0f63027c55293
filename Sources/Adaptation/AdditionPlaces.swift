import Normalization

/// Where a strategy may add something, and what a person's choice makes of that.
///
/// `all` takes what can be taken and says what was left out. A pattern that names a place which can't be taken is an error with the
/// reason, and so is one that names nothing.
struct AdditionPlaces {
  /// What is added, for sentences: "a low-rank update".
  let addition: String
  /// What it goes to, in the plural: "convolutions and linear layers".
  let places: String
  /// Each place's name and why it can't be taken; nil where it can.
  let candidates: [(name: String, obstacle: String?)]

  struct Choice: Hashable {
    let names: [String]
    /// What `all` left out and why, in node order.
    let leftOut: [LeftOut]
  }

  struct LeftOut: Hashable {
    let name: String
    let reason: String
  }

  /// - Throws: `AdditionError`.
  func chosen(by selector: LayerSelector) throws(AdditionError) -> Choice {
    let possible = candidates.filter { $0.obstacle == nil }.map(\.name)
    guard !possible.isEmpty else { throw error(.nothingPossible(places: places, first: candidates.first.flatMap(\.obstacle))) }
    guard case .matching(let patterns) = selector else {
      return Choice(
        names: possible, leftOut: candidates.compactMap { place in place.obstacle.map { LeftOut(name: place.name, reason: $0) } })
    }
    var chosen: Set<String> = []
    for pattern in patterns {
      guard let names = try? LayerSelector.matching([pattern]).select(from: candidates.map(\.name)) else {
        throw error(.nothingMatches(pattern: pattern, candidates: possible))
      }
      chosen.formUnion(names)
    }
    for place in candidates where chosen.contains(place.name) {
      if let obstacle = place.obstacle { throw error(.impossible(place: place.name, reason: obstacle)) }
    }
    return Choice(names: possible.filter(chosen.contains), leftOut: [])
  }

  private func error(_ reason: AdditionError.Reason) -> AdditionError { AdditionError(addition: addition, reason: reason) }
}

extension AdditionPlaces.Choice {
  /// As reports say it: "34 layers; without 17, features.1.conv.0.0 to features.17.conv.1.0: a depthwise convolution …".
  func sentence(_ unit: String) -> String {
    var words = ["\(names.count) \(unit)"]
    var reasons: [String] = []
    for reason in leftOut.map(\.reason) where !reasons.contains(reason) { reasons.append(reason) }
    for reason in reasons {
      let names = leftOut.filter { $0.reason == reason }.map(\.name)
      let listed = names.count > 3 ? "\(names.count), \(names[0]) to \(names.last!)" : names.joined(separator: ", ")
      words.append("without \(listed): \(reason)")
    }
    return words.joined(separator: "; ")
  }
}

/// Why nothing can be added to a network.
public struct AdditionError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case nothingMatches(pattern: String, candidates: [String])
    case impossible(place: String, reason: String)
    /// The network has none of the places, or none that could be taken; then the first one's reason.
    case nothingPossible(places: String, first: String?)
  }

  /// What was to be added: "a low-rank update".
  public let addition: String
  public let reason: Reason

  public var description: String {
    switch reason {
    case .nothingMatches(let pattern, let candidates):
      "nothing that \(addition) can go to matches '\(pattern)'; expected one of \(candidates.count): \(candidates.joined(separator: ", "))"
    case .impossible(let place, let reason): "'\(place)' can't have \(addition): \(reason)"
    case .nothingPossible(let places, let first):
      "found no place for \(addition) in this network; expected \(places)" + (first.map { " (\($0))" } ?? "")
    }
  }
}
