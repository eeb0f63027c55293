import Files
import Foundation

/// One self-contained HTML page: no script, no request, a Content-Security-Policy that forbids both, everything from outside escaped.
/// Pictures of scans, where they are asked for, are inside the page.
struct ReportPage {
  struct Verdict {
    let kind: String
    let mark: String
    let word: String
    let name: String
    let numbers: String
    let because: String
  }

  struct Note {
    let kind: String
    let word: String
    let sentence: String
  }

  struct Table {
    let heading: String
    var note = ""
    let columns: [String]
    let rows: [[String]]
    /// Which cells are sentences, and may break.
    var sentences = TableSentences.none
  }

  /// Sentences under a heading.
  struct Sentences {
    let heading: String
    let items: [String]
  }

  var title: String
  var lead: String
  var verdicts: [Verdict] = []
  /// Before everything else.
  var leading: [Table] = []
  var lists: [Sentences] = []
  var findings: [Note] = []
  /// What was done, where there is no comparison whose header says so.
  var facts: [ComparisonTable.HeaderLine] = []
  var comparison: ComparisonTable?
  var plots: [ReportPlot] = []
  var tables: [Table] = []
  var gallery: ScanGallery?
  var refit: String?
  var footer: String

  private static let styleHash = Data(ContentHash(of: ReportStyle.sheet).bytes).base64EncodedString()

  /// A page without scans may show no image at all.
  private var policy: String {
    "default-src 'none'; style-src 'sha256-\(Self.styleHash)'; \(gallery == nil ? "" : "img-src data:; ")base-uri 'none'; form-action 'none'"
  }

  var html: String {
    let model: [String: Any] = [
      "policy": policy,
      "style": ReportStyle.sheet,
      "title": title,
      "lead": lead,
      "hasVerdicts": !verdicts.isEmpty,
      "verdicts": verdicts,
      "hasFindings": !findings.isEmpty,
      "findings": findings,
      "hasTable": comparison != nil,
      "columns": comparison?.columns ?? [],
      "rows": (comparison?.rows ?? []).enumerated().map { index, row in
        [
          "name": row.name, "cells": row.cells, "isBaseline": index == 0, "hasRemark": row.remark != nil, "remark": row.remark ?? "",
          "span": (comparison?.columns.count ?? 1) - 1,
        ] as [String: Any]
      },
      "hasHeader": comparison != nil || !facts.isEmpty,
      "header": comparison?.header ?? facts,
      "leading": leading.map(Self.values),
      "lists": lists,
      "plots": plots.map { plot in
        ["heading": plot.heading, "picture": plot.drawing.markup(id: plot.id), "words": plot.words, "csv": plot.csv]
      },
      "tables": tables.map(Self.values),
      "hasGallery": gallery != nil,
      "galleryHeading": gallery?.heading ?? "",
      "galleryNote": gallery?.note ?? "",
      "pictures": gallery?.pictures ?? [],
      "hasRefit": refit != nil,
      "refit": refit ?? "",
      "footer": footer,
    ]
    return ReportTemplate.page.render(model)
  }

  private static func values(_ table: Table) -> [String: Any] {
    [
      "heading": table.heading, "hasNote": !table.note.isEmpty, "note": table.note, "columns": table.columns,
      "sentences": table.sentences.rawValue,
      "rows": table.rows.map { ["cells": $0] },
    ]
  }
}

/// Which cells of a page's table are sentences; all others stay on one line.
enum TableSentences: String {
  case none = ""
  case last = "last-wraps"
  case all = "wraps"
}
