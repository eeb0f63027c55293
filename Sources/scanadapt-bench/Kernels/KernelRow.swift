import CKernels
import Foundation

/// What one kernel reached on one layer's shape. Rates count the direct algorithm's operations, and each map once.
struct KernelRow: Encodable {
  enum Purpose: String, Encodable, CaseIterable {
    case forward
    case inputGradient = "input gradient"
    case weightGradient = "weight gradient"

    init(_ purpose: sa_conv_purpose) {
      switch purpose {
      case SA_CONV_BACKWARD_DATA: self = .inputGradient
      case SA_CONV_BACKWARD_WEIGHTS: self = .weightGradient
      default: self = .forward
      }
    }
  }

  let layer: String
  let shape: String
  let layers: Int
  let purpose: Purpose
  let algorithm: String
  let seconds: Double
  let gigaflop: Double
  let gigabytes: Double
  /// Of the multiply-add peak of as many cores; above 1 where Winograd multiplies less.
  var shareOfPeak: Double?

  var rate: Double { gigaflop / seconds }

  static let header =
    column("layer", 46) + column("shape", 30) + "  ×"
    + Purpose.allCases.map { "  " + column($0.rawValue, 15) + "  GFLOP/s  peak  GB/s       µs" }.joined()

  /// One shape's three purposes side by side.
  static func line(_ rows: [KernelRow]) -> String {
    column(rows[0].layer, 46) + column(rows[0].shape, 30) + String(format: "%3d", rows[0].layers) + rows.map(\.cells).joined()
  }

  private var cells: String {
    "  " + Self.column(algorithm, 15)
      + String(format: "%9.1f %4.0f%% %5.1f %8.0f", rate, 100 * (shareOfPeak ?? 0), gigabytes / seconds, seconds * 1e6)
  }

  private static func column(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
}
