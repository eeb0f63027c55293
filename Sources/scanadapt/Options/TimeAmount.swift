import ArgumentParser

/// An amount of time as people write it: 90s, 30m, 2h, or seconds.
struct TimeAmount: ExpressibleByArgument, Hashable {
  let seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? argument[...] : argument.dropLast()), number > 0, (number * (unit ?? 1)).isFinite else {
      return nil
    }
    seconds = number * (unit ?? 1)
  }

  var defaultValueDescription: String { "\(Int(seconds / 60))m" }
}
