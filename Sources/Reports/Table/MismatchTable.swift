import Cohorts
import Files
import Foundation
import Normalization

/// A mismatch report as text and CSV: one line per normalization, from the image inwards.
public struct MismatchTable: Sendable {
  let report: MismatchReport

  public init(_ report: MismatchReport) { self.report = report }

  /// What was compared, the layers, and where in depth it shows.
  public var text: String {
    let nameWidth = max(report.layers.map(\.layer.count).max() ?? 5, 5)
    var lines = [title, ""]
    lines.append(
      "depth  \("layer".padding(toLength: nameWidth, withPad: " ", startingAt: 0))  symmetric KL  chance below      p        W2²   shift  ln var"
    )
    for layer in report.layers {
      let divergence = layer[.symmetricKL]
      let cells = [
        String(format: "%5d", layer.depth), layer.layer.padding(toLength: nameWidth, withPad: " ", startingAt: 0),
        String(format: "%12.4f", divergence.average), divergence.nullBand.map { String(format: "%12.4f", $0) } ?? "           –",
        divergence.pValue.map { String(format: "%5.3f", $0) } ?? "    –", String(format: "%9.4f", layer[.wassersteinSquared].average),
        String(format: "%6.2f", layer[.standardizedMeanShift].average), String(format: "%6.2f", layer[.logVarianceRatio].average),
      ]
      lines.append(cells.joined(separator: "  "))
    }
    return (lines + ["", conclusion] + deadChannels).joined(separator: "\n")
  }

  private var title: String {
    let reference: String
    switch report.reference {
    case .storedStatistics: reference = "the statistics stored in the model"
    case .scanner(let scanner): reference = "scanner \(scanner) (\(report.referencePatients ?? 0) patients)"
    }
    return "Scanner \(report.target) (\(report.patients) patients, \(report.scans) scans) against \(reference)"
  }

  private var conclusion: String {
    let beyond = report.layersBeyondChance()
    guard let first = beyond.first else {
      return report.patients < 2
        ? "One patient only: what chance does can't be told."
        : "No layer differs by more than random halves of this scanner's patients do."
    }
    let worst = beyond.max { $0[.symmetricKL].average < $1[.symmetricKL].average }!
    return
      "\(beyond.count) of \(report.layers.count) layers differ by more than chance; it starts at \(first.layer) (depth \(first.depth)) "
      + "and is largest at \(worst.layer) (depth \(worst.depth))."
  }

  private var deadChannels: [String] {
    let inTarget = report.layers.reduce(0) { $0 + $1.constantInTarget.count }
    let inReference = report.layers.reduce(0) { $0 + $1.constantInReference.count }
    guard inTarget + inReference > 0 else { return [] }
    return ["Channels that never vary: \(inReference) in the reference, \(inTarget) on this scanner."]
  }

  /// `mismatch.csv`: a line per layer, measure and channel.
  public static func csv(_ reports: [MismatchReport]) -> String {
    var text = "format,scanner,reference,depth,layer,measure,channel,value,layer_average,null_band,p_value\n"
    for report in reports {
      let reference = if case .scanner(let scanner) = report.reference { "\(scanner)" } else { "stored" }
      for layer in report.layers {
        for summary in layer.summaries {
          for (channel, value) in summary.channels.enumerated() {
            let cells = [
              "1", csvCell("\(report.target)"), csvCell(reference), "\(layer.depth)", layer.layer, summary.measure.rawValue, "\(channel)",
              "\(value)",
              "\(summary.average)", summary.nullBand.map { "\($0)" } ?? "", summary.pValue.map { "\($0)" } ?? "",
            ]
            text += cells.joined(separator: ",") + "\n"
          }
        }
      }
    }
    return text
  }

}
