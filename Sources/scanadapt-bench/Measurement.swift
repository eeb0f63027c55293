import Foundation

/// One row of the bench's table: medians over the runs, and how often ours fits into the peer's.
struct Measurement: Encodable {
  let network: String
  let job: String
  let batch: Int
  let size: Int
  let threads: Int
  let seconds: Double
  /// The better of NCHW and channels-last.
  let pytorchSeconds: Double?
  let onnxRuntimeSeconds: Double?

  static let header = "network             job            images/s   PyTorch   ratio   ONNX RT   ratio"

  var line: String {
    func rate(_ seconds: Double?) -> String { seconds.map { String(format: "%9.1f", Double(batch) / $0) } ?? "        –" }
    func ratio(_ theirs: Double?) -> String { theirs.map { String(format: "%6.2f", $0 / seconds) } ?? "     –" }
    return [
      network.padding(toLength: 19, withPad: " ", startingAt: 0), job.padding(toLength: 12, withPad: " ", startingAt: 0), rate(seconds),
      rate(pytorchSeconds), ratio(pytorchSeconds), rate(onnxRuntimeSeconds), ratio(onnxRuntimeSeconds),
    ].joined(separator: " ")
  }
}
