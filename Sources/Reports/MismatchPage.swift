import Normalization

/// The report of a diagnosis: each scanner's mismatch by layer, drawn and in words, as one inert page.
public struct MismatchPage: Sendable {
  let reports: [MismatchReport]
  let model: String

  /// - Parameter model: its name, not a path.
  public init(_ reports: [MismatchReport], model: String) {
    self.reports = reports
    self.model = model
  }

  public var html: String {
    let plot = MismatchPlot.plot(reports.map(LayerMismatchSeries.init))
    return ReportPage(
      title: "\(model.visible(limit: 60)): where the scanners show", lead: "ScanAdapt, mismatch of normalization statistics by layer",
      plots: [plot].compactMap { $0 },
      tables: reports.prefix(MismatchPlot.scannerLimit).map { report in
        ReportPage.Table(
          heading: LayerMismatchSeries(report).scanner.visible(limit: 80),
          note:
            "\(Figures.patients(report.patients)), \(Figures.count(report.scans)) scans; chance from \(report.draws) random divisions of patients.",
          columns: ["depth", "layer", "symmetric KL", "chance below", "p", "channels that never vary"],
          rows: report.layers.prefix(400).map { layer in
            let divergence = layer[.symmetricKL]
            return [
              "\(layer.depth)", layer.layer.visible(limit: 80), Figures.score(divergence.average), Figures.score(divergence.nullBand),
              Figures.score(divergence.pValue), "\(layer.constantInTarget.count)",
            ]
          })
      },
      footer: "Chance: the 95 % quantile between random halves of the scanner's own patients. Made by ScanAdapt."
    ).html
  }
}

extension LayerMismatchSeries {
  /// A report's symmetric KL by layer.
  public init(_ report: MismatchReport) {
    let reference =
      switch report.reference {
      case .storedStatistics: "the model's stored statistics"
      case .scanner(let scanner): scanner.rawValue
      }
    self.init(
      scanner: "\(report.target.rawValue) against \(reference)",
      layers: report.layers.map { layer in
        Layer(name: layer.layer, mismatch: layer[.symmetricKL].average, chance: layer[.symmetricKL].nullBand)
      })
  }
}
