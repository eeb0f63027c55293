import Cohorts
import Engine
import Graphs

/// What a recalibration was made of and what it did: for tables, model cards and reports.
public struct RecalibrationReport: Sendable, Hashable {
  public let recalibration: Recalibration
  public let scanners: [ScannerID]
  /// The readable scans it was made of.
  public let scans: [ScanID]
  public let patients: [PatientID]
  /// Scans that couldn't be read; they are in no statistic.
  public let failures: [ScanFailure]
  /// Test scans served, without their labels.
  public let isTransductive: Bool
  public let layers: [LayerRecalibration]
  /// The arithmetic spent, in forward passes of the whole network per scan.
  public let forwardPasses: Double
  /// The largest change of a logit on a few of the scans, relative to the largest logit.
  public let outputChange: Double

  /// One line for the model card and a table's header.
  public var summary: String {
    let method =
      switch recalibration.method {
      case .layerSequential: "layer-sequential"
      case .onePass(let batchSize): "one-pass (batches of \(batchSize))"
      }
    let blend = recalibration.blend.words.map { ", \($0)" } ?? ""
    return "\(method) on scanner \(scanners.map(\.rawValue).joined(separator: " + ")), \(scans.count) scans of \(patients.count) patients"
      + blend + (isTransductive ? ", transductive: test scans" : "")
  }
}

/// One layer's statistics before and after.
public struct LayerRecalibration: Sendable, Hashable {
  public let layer: String
  /// Values per channel, pixels over all scans.
  public let valueCount: Double
  public let source: ChannelStatistics
  /// As estimated on the scans.
  public let target: ChannelStatistics
  /// As stored, after blending.
  public let stored: ChannelStatistics
  /// Channels that never varied on these scans.
  public var constantChannels: [Int] { target.constantChannels }

  init(_ layer: String, _ moments: ChannelMoments, before: Parameters, stored: ChannelStatistics) {
    self.layer = layer
    valueCount = moments.count
    source = before.statistics(of: layer)
    target = ChannelStatistics(moments)!
    self.stored = stored
  }
}
