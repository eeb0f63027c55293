import Adaptation
import Cohorts
import Files
import Foundation
import Normalization

/// One scanner's diagnosis as text: the finding first, then the layers, the pixels, what would help, and the gate's verdict.
public struct MismatchTable: Sendable {
  let diagnosis: ScannerDiagnosis

  public init(_ diagnosis: ScannerDiagnosis) { self.diagnosis = diagnosis }

  public var text: String {
    let conclusion = diagnosis.conclusion
    var parts = [
      "Scanner \(diagnosis.scanner) (\(diagnosis.patients) patients, \(diagnosis.scans) scans)\n  \(conclusion.finding)\n  "
        + conclusion.suggestion
    ]
    parts += [diagnosis.stored, diagnosis.againstReference].compactMap(\.self).map(Self.layers)
    parts.append(DiagnosisSentences(diagnosis).all.map { "  \($0)" }.joined(separator: "\n"))
    return parts.joined(separator: "\n\n")
  }

  private static func layers(_ report: MismatchReport) -> String {
    let nameWidth = max(report.layers.map(\.layer.count).max() ?? 5, 5)
    let name = "layer".padding(toLength: nameWidth, withPad: " ", startingAt: 0)
    var lines = [
      "Against \(report.referenceName)",
      "depth  \(name)  symmetric KL  chance below      p  family p        W2²   shift  ln var  worst channels",
    ]
    for layer in report.layers {
      let divergence = layer[.symmetricKL]
      func optional(_ value: Double?, _ format: String, _ width: Int) -> String {
        value.map { String(format: format, $0) } ?? String(repeating: " ", count: width - 1) + "–"
      }
      let cells = [
        String(format: "%5d", layer.depth), layer.layer.padding(toLength: nameWidth, withPad: " ", startingAt: 0),
        String(format: "%12.4f", divergence.average), optional(divergence.nullBand, "%12.4f", 12),
        optional(divergence.pValue, "%5.3f", 5), optional(layer.familyWisePValue, "%8.3f", 8),
        String(format: "%9.4f", layer[.wassersteinSquared].average), String(format: "%6.2f", layer[.standardizedMeanShift].average),
        String(format: "%6.2f", layer[.logVarianceRatio].average),
        divergence.worstChannels.prefix(3).map { "\($0)" }.joined(separator: " "),
      ]
      lines.append(cells.joined(separator: "  "))
    }
    return lines.joined(separator: "\n")
  }

  /// How many channels of a layer `mismatch.csv` lists.
  public static let listedChannels = 16

  /// `mismatch.csv`: for each layer and measure, a line for each of the `listedChannels` that differ most, largest first, and of how many
  /// channels these are. A layer of a large network has thousands; all their values are in `diagnosis.json`.
  public static func csv(_ diagnoses: [ScannerDiagnosis]) -> String {
    var text = csvLine([
      "format", "scanner", "reference", "depth", "layer", "measure", "channels", "channel", "value", "layer_average", "null_band",
      "p_value",
      "family_wise_p",
    ])
    for report in diagnoses.flatMap({ [$0.stored, $0.againstReference].compactMap(\.self) }) {
      let reference = if case .scanner(let scanner) = report.reference { "\(scanner)" } else { "stored" }
      for layer in report.layers {
        for summary in layer.summaries {
          let whole = [Figures.exact(summary.average), Figures.exact(summary.nullBand), Figures.exact(summary.pValue)]
          let family = summary.measure == .symmetricKL ? Figures.exact(layer.familyWisePValue) : ""
          let start = [
            "3", "\(report.target)", reference, "\(layer.depth)", layer.layer, summary.measure.rawValue, "\(summary.channels.count)",
          ]
          for channel in summary.worstChannels.prefix(listedChannels) {
            text += csvLine(start + ["\(channel)", "\(summary.channels[channel])"] + whole + [family])
          }
        }
      }
    }
    return text
  }

  /// `input.csv`: a line per scanner and measure of the pixels; then the histogram's bins.
  public static func inputCSV(_ diagnoses: [ScannerDiagnosis]) -> String {
    var text = csvLine(["format", "scanner", "measure", "mean", "lower", "upper", "difference_from_reference", "family_wise_p"])
    for diagnosis in diagnoses {
      for entry in diagnosis.input?.entries ?? [] {
        let shift = diagnosis.inputShift?.entries.first { $0.measure == entry.measure }
        text += csvLine([
          "1", "\(diagnosis.scanner)", entry.measure.rawValue, Figures.exact(entry.mean), Figures.exact(entry.lower),
          Figures.exact(entry.upper), Figures.exact(shift?.difference), Figures.exact(shift?.pValue),
        ])
      }
      for (bin, share) in (diagnosis.input?.histogram ?? []).enumerated() {
        text += csvLine(["1", "\(diagnosis.scanner)", "histogram bin \(bin)", Figures.exact(share), "", "", "", ""])
      }
    }
    return text
  }

  /// `remedies.csv`: a line per scanner and remedy.
  public static func remediesCSV(_ diagnoses: [ScannerDiagnosis]) -> String {
    var text = csvLine([
      "format", "scanner", "remedy", "mismatch_before", "mismatch_after", "removed", "frechet_before", "frechet_after", "proxy_a_before",
      "proxy_a_after", "changed_decisions",
    ])
    for diagnosis in diagnoses {
      for remedy in diagnosis.remedies {
        text += csvLine([
          "1", "\(diagnosis.scanner)", remedy.name, Figures.exact(remedy.mismatchBefore), Figures.exact(remedy.mismatchAfter),
          Figures.exact(remedy.removed), Figures.exact(remedy.distanceBefore?.frechet?.relative),
          Figures.exact(remedy.distanceAfter?.frechet?.relative), Figures.exact(remedy.distanceBefore?.proxyA?.distance),
          Figures.exact(remedy.distanceAfter?.proxyA?.distance), Figures.exact(remedy.changedDecisions),
        ])
      }
    }
    return text
  }
}

extension MismatchReport {
  /// As titles say it.
  var referenceName: String {
    switch reference {
    case .storedStatistics: "the statistics stored in the model"
    case .scanner(let scanner): "scanner \(scanner) (\(referencePatients ?? 0) patients)"
    }
  }
}
