import Adaptation
import Foundation
import Normalization

/// What a diagnosis says beside its layers, a sentence each: for the terminal and the page alike.
struct DiagnosisSentences {
  let diagnosis: ScannerDiagnosis

  init(_ diagnosis: ScannerDiagnosis) { self.diagnosis = diagnosis }

  var all: [String] { layers + input + distance + channels + labelShift + remedies + gate }

  private var layers: [String] {
    [diagnosis.stored, diagnosis.againstReference].compactMap(\.self).map { report in
      let beyond = report.layersBeyondChance()
      guard let worst = beyond.max(by: { $0[.symmetricKL].average < $1[.symmetricKL].average }) else {
        return "Layers: none of \(report.layers.count) differs from \(report.referenceName) by more than chance."
      }
      return
        "Layers: \(beyond.count) of \(report.layers.count) differ from \(report.referenceName) by more than chance (5 % for all together), "
        + "from \(beyond[0].layer) (depth \(beyond[0].depth)) on, most at \(worst.layer) (depth \(worst.depth), "
        + "\(Figures.score(worst[.symmetricKL].average)))."
    }
  }

  private var input: [String] {
    guard let input = diagnosis.input else { return [] }
    let shown: [InputMeasure] = [.mean, .deviation, .sharpness, .noise]
    let values = input.entries.filter { shown.contains($0.measure) }.map { entry in
      "\(entry.measure.rawValue) \(Figures.score(entry.mean))"
        + (entry.lower.map { " [\(Figures.score($0)), \(Figures.score(entry.upper))]" } ?? "")
    }
    var sentences = ["Pixels: " + values.joined(separator: ", ") + "."]
    if let shift = diagnosis.inputShift {
      let beyond = shift.beyondChance()
      sentences.append(
        beyond.isEmpty
          ? "Pixels: nothing differs from scanner \(shift.reference) by more than chance."
          : "Pixels: differs from scanner \(shift.reference) in "
            + beyond.map { "\($0.measure.rawValue) (\(Figures.signed($0.difference)))" }.joined(separator: ", ") + ".")
    }
    return sentences
  }

  private var distance: [String] {
    guard let distance = diagnosis.distance else { return [] }
    let frechet = distance.frechet.map { "Fréchet distance \(Figures.score($0.relative)) of the features' variance" }
    let proxy = distance.proxyA.map { proxy in
      "proxy A-distance \(Figures.score(proxy.distance)) of 2"
        + (proxy.pValue.map { p in
          " (p \(Figures.score(p)), chance below \(Figures.score(proxy.chance)): "
            + "\(proxy.tellsApart ? "told apart" : "no more than chance"))"
        } ?? "")
    }
    let words = [frechet, proxy].compactMap(\.self)
    return words.isEmpty ? [] : ["Features: \(words.joined(separator: ", ")) from the reference scanner."]
  }

  private var channels: [String] {
    let dead = diagnosis.channels.reduce(0) { $0 + $1.dead.count }
    let silenced = diagnosis.channels.reduce(0) { $0 + $1.silenced.count }
    let saturated = diagnosis.channels.reduce(0) { $0 + $1.saturated.count }
    guard dead + silenced + saturated > 0 else { return ["Channels: none dead, none driven out of range."] }
    let total = diagnosis.channels.reduce(0) { $0 + $1.channels }
    return [
      "Channels: of \(Figures.count(total)), \(dead) never vary here, \(silenced) are silenced and \(saturated) saturated by the shift."
    ]
  }

  private var labelShift: [String] {
    diagnosis.labelShift.map { estimate in
      let changes = estimate.shares.indices.sorted { first, second in
        abs(estimate.shares[first] - estimate.prior[first]) > abs(estimate.shares[second] - estimate.prior[second])
      }
      let shown = changes.prefix(5).map { index in
        let label = index < diagnosis.labels.count ? diagnosis.labels[index].visible(limit: 40) : "class \(index)"
        let interval = estimate.intervals.map { " [\(Figures.score($0[index].lower)), \(Figures.score($0[index].upper))]" } ?? ""
        return "\(label) \(Figures.score(estimate.shares[index]))\(interval), taken as \(Figures.score(estimate.prior[index])) in training"
      }
      return "Class shares by \(estimate.method.rawValue): \(shown.joined(separator: "; "))"
        + (estimate.isBeyondChance
          ? ". They differ, if images of a class look the same here; a scanner that shows makes the answers differ too."
          : ". No more than chance.")
    }
  }

  private var remedies: [String] {
    diagnosis.remedies.map { remedy in
      var words: [String] = []
      if let removed = remedy.removed, let after = remedy.mismatchAfter {
        words.append(
          "mismatch \(Figures.score(remedy.mismatchBefore)) to \(Figures.score(after)) (\(Figures.percent((removed * 1000).rounded() / 1000)) removed)"
        )
      }
      if let before = remedy.distanceBefore, let after = remedy.distanceAfter {
        if let one = before.frechet?.relative, let other = after.frechet?.relative {
          words.append("Fréchet \(Figures.score(one)) to \(Figures.score(other))")
        }
        if let one = before.proxyA?.distance, let other = after.proxyA?.distance {
          words.append("proxy A \(Figures.score(one)) to \(Figures.score(other))")
        }
      }
      words.append("changes \(Figures.percent((remedy.changedDecisions * 1000).rounded() / 1000)) of the decisions")
      return "Remedy \(remedy.name), on patients held out: \(words.joined(separator: ", "))."
    }
  }

  private var gate: [String] {
    guard let gate = diagnosis.gate else { return [] }
    return ["Gate on \(diagnosis.remedies.first?.name ?? "recalibrate"): \(gate)."]
  }
}
