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
