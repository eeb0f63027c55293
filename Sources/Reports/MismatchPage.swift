import Adaptation
import Normalization

/// The report of a diagnosis: each scanner's finding in words, its mismatch by layer, its pixels and what would help, as one inert page.
public struct MismatchPage: Sendable {
  let diagnoses: [ScannerDiagnosis]
  let model: String

  /// - Parameter model: its name, not a path.
  public init(_ diagnoses: [ScannerDiagnosis], model: String) {
    self.diagnoses = diagnoses
    self.model = model
  }

  public var html: String {
    let shown = diagnoses.prefix(MismatchPlot.scannerLimit)
    let reports = shown.flatMap { [$0.stored, $0.againstReference].compactMap(\.self) }
    return ReportPage(
      title: "\(model.visible(limit: 60)): where the scanners show", lead: "ScanAdapt, mismatch of normalization statistics by layer",
      findings: shown.flatMap(findings),
      plots: [
        MismatchHeatMap.plot(reports.map(LayerMismatchSeries.init)), MismatchPlot.plot(reports.map(LayerMismatchSeries.init)),
        HistogramPlot.plot(shown.map { ("\($0.scanner)", $0.input?.histogram ?? []) }),
      ].compactMap(\.self),
      tables: reports.map(layers) + [input(shown), remedies(shown)],
      footer: "Chance: the 95 % quantile between random halves of the scanner's own patients. Family p: for all layers together, so that a "
        + "scanner that doesn't differ raises an alarm in 5 % of cohorts."
        + (diagnoses.count > shown.count ? " The first \(shown.count) of \(diagnoses.count) scanners; the rest is in diagnosis.json." : "")
        + " Made by ScanAdapt."
    ).html
  }

  /// The conclusion, then all else in sentences, which wrap where a table's cells don't.
  private func findings(_ diagnosis: ScannerDiagnosis) -> [ReportPage.Note] {
    let conclusion = diagnosis.conclusion
    let scanner = "\(diagnosis.scanner)".visible(limit: 40)
    let kind = conclusion.isNothing ? "note" : "caution"
    return [.init(kind: kind, word: scanner.uppercased(), sentence: "\(conclusion.finding) \(conclusion.suggestion)")]
      + DiagnosisSentences(diagnosis).all.map { .init(kind: "note", word: scanner, sentence: $0.visible(limit: 900)) }
  }

  private func layers(_ report: MismatchReport) -> ReportPage.Table {
    .init(
      heading: LayerMismatchSeries(report).scanner.visible(limit: 80),
      note: "\(Figures.patients(report.patients)), \(Figures.count(report.scans)) scans; chance from \(report.draws) random divisions of "
        + "patients.",
      columns: ["depth", "layer", "symmetric KL", "chance below", "family p", "W2²", "shift", "ln var", "worst channels"],
      rows: report.layers.prefix(400).map { layer in
        let divergence = layer[.symmetricKL]
        return [
          "\(layer.depth)", layer.layer.visible(limit: 80), Figures.score(divergence.average), Figures.score(divergence.nullBand),
          Figures.score(layer.familyWisePValue), Figures.score(layer[.wassersteinSquared].average),
          Figures.score(layer[.standardizedMeanShift].average), Figures.score(layer[.logVarianceRatio].average),
          divergence.worstChannels.prefix(3).map { "\($0)" }.joined(separator: " "),
        ]
      })
  }

  private func input(_ diagnoses: ArraySlice<ScannerDiagnosis>) -> ReportPage.Table {
    .init(
      heading: "Pixels", note: "As the network gets them, before mean and deviation; 95 % by patient.",
      columns: ["scanner", "measure", "mean", "95 %", "from the reference", "family p"],
      rows: diagnoses.flatMap { diagnosis in
        (diagnosis.input?.entries ?? []).map { entry in
          let shift = diagnosis.inputShift?.entries.first { $0.measure == entry.measure }
          return [
            "\(diagnosis.scanner)".visible(limit: 40), entry.measure.rawValue, Figures.score(entry.mean),
            entry.lower.map { "[\(Figures.score($0)), \(Figures.score(entry.upper))]" } ?? Figures.absent,
            Figures.signed(shift?.difference), Figures.score(shift?.pValue),
          ]
        }
      })
  }

  private func remedies(_ diagnoses: ArraySlice<ScannerDiagnosis>) -> ReportPage.Table {
    .init(
      heading: "What would help", note: "Fitted on half of each scanner's patients, measured on the other half, both ways round.",
      columns: [
        "scanner", "remedy", "mismatch before", "after", "removed", "Fréchet before", "after", "proxy A before", "after",
        "decisions changed",
      ],
      rows: diagnoses.flatMap { diagnosis in
        diagnosis.remedies.map { remedy in
          [
            "\(diagnosis.scanner)".visible(limit: 40), remedy.name, Figures.score(remedy.mismatchBefore),
            Figures.score(remedy.mismatchAfter),
            remedy.removed.map { Figures.percent(($0 * 1000).rounded() / 1000) } ?? Figures.absent,
            Figures.score(remedy.distanceBefore?.frechet?.relative), Figures.score(remedy.distanceAfter?.frechet?.relative),
            Figures.score(remedy.distanceBefore?.proxyA?.distance), Figures.score(remedy.distanceAfter?.proxyA?.distance),
            Figures.percent((remedy.changedDecisions * 1000).rounded() / 1000),
          ]
        }
      })
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
