/// A picture with its text alternative and its data.
struct ReportPlot {
  /// Letters and digits only; unique in a page.
  let id: String
  let heading: String
  /// What the picture shows, in words, for whoever cannot see it.
  let words: String
  let drawing: SVGDrawing
  let csv: String
}

/// A line of comma-separated cells, quoted where they must be.
func csvLine(_ cells: [String]) -> String {
  cells.map { cell in
    cell.contains { ",\"\r\n".contains($0) } ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }.joined(separator: ",") + "\n"
}
