import Foundation

/// Names that a person would take for one.
enum NameVariants {
  /// Sorted groups of names that differ only in case, white space, invisible characters or Unicode's compatibility forms (full-width
  /// letters, ligatures). Composed and decomposed forms were made one when the manifest was read.
  static func groups(_ names: some Sequence<String>) -> [[String]] { grouped(names, by: plain) }

  /// Sorted groups of numbers that differ only in leading zeros, as a spreadsheet leaves them.
  static func leadingZeroGroups(_ names: some Sequence<String>) -> [[String]] {
    grouped(names) { name in
      guard !name.isEmpty, name.utf8.allSatisfy({ (48...57).contains($0) }) else { return name }
      return "0" + name.drop { $0 == "0" }
    }
  }

  static func plain(_ name: String) -> String {
    var text = ""
    for scalar in name.precomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
    where !scalar.properties.isWhitespace && scalar.properties.generalCategory != .format { text.unicodeScalars.append(scalar) }
    return text
  }

  private static func grouped(_ names: some Sequence<String>, by key: (String) -> String) -> [[String]] {
    Dictionary(grouping: Set(names), by: key).values.filter { $0.count > 1 }.map { $0.sorted() }
      .sorted { $0.lexicographicallyPrecedes($1) }
  }
}
