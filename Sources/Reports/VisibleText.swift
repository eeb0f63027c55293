extension String {
  /// This text with everything that could act instead of being read made visible: control, bidirectional and invisible characters
  /// become `⟨U+202E⟩`, and overlong text is cut.
  ///
  /// A combining mark after `<`, `>`, `&` or a quote is shown too: it would form one `Character` with it, which an escaper that goes
  /// by characters lets through.
  func visible(limit: Int = 300) -> String {
    var text = ""
    var previousIsMarkup = false
    for (position, scalar) in unicodeScalars.enumerated() {
      guard position < limit else { return text + "…" }
      if Self.acts(scalar) || (previousIsMarkup && scalar.properties.isGraphemeExtend) {
        text += "⟨U+" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count))
        text += String(scalar.value, radix: 16, uppercase: true) + "⟩"
        previousIsMarkup = false
      } else {
        text.unicodeScalars.append(scalar)
        previousIsMarkup = "<>&\"'".unicodeScalars.contains(scalar)
      }
    }
    return text
  }

  private static func acts(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
    case .nonspacingMark, .enclosingMark, .spacingMark: scalar.properties.isVariationSelector
    default: false
    }
  }
}
