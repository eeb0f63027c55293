import Foundation

/// One whole job: medians over the runs, and how often ours fits into the peers'.
struct NetworkRow: Encodable {
  let network: String
  let job: String
  let batch: Int
  let size: Int
  let threads: Int
  let seconds: Double
  /// The better of NCHW and channels-last.
  let pytorchSeconds: Double?
  let onnxRuntimeSeconds: Double?

  static let header = "network             job          batch  px  images/s   PyTorch   ratio   ONNX RT   ratio"

  var line: String {
    func rate(_ seconds: Double?) -> String { seconds.map { String(format: "%9.1f", Double(batch) / $0) } ?? "        –" }
    func ratio(_ theirs: Double?) -> String { theirs.map { String(format: "%6.2f", $0 / seconds) } ?? "     –" }
    return [
      network.padding(toLength: 19, withPad: " ", startingAt: 0), job.padding(toLength: 12, withPad: " ", startingAt: 0),
      String(format: "%5d %4d", batch, size), rate(seconds), rate(pytorchSeconds), ratio(pytorchSeconds), rate(onnxRuntimeSeconds),
      ratio(onnxRuntimeSeconds),
    ].joined(separator: " ")
  }
}
