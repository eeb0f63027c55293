import CKernels
import Graphs

/// What steps see while a program runs: addresses of its buffers, parameters, the pool.
struct Run: ~Copyable {
  let images: Int
  let addresses: [UnsafeMutableRawPointer?]
  let scratch: UnsafeMutablePointer<Float>
  let pool: OpaquePointer?
  let parameters: BoundParameters
  /// What keys dropout's masks.
  let seed: UInt64
  let stepIndex: Int
  /// Class indices, or images × classes of 1 and 0; -1 for none.
  let targets: [Int32]

  func map(_ reference: MapReference) -> sa_map {
    sa_map(
      data: floats(reference.buffer) + reference.channelOffset, n: images, h: reference.shape.height, w: reference.shape.width,
      c: reference.shape.channels, pixel_stride: reference.pixelStride)
  }

  func map(_ reference: MapReference?) -> sa_map { reference.map { map($0) } ?? sa_map() }

  func floats(_ buffer: BufferID) -> UnsafeMutablePointer<Float> {
    addresses[buffer.index]!.assumingMemoryBound(to: Float.self)
  }

  func doubles(_ buffer: BufferID) -> UnsafeMutablePointer<Double> {
    addresses[buffer.index]!.assumingMemoryBound(to: Double.self)
  }

  func bytes(_ buffer: BufferID) -> UnsafeMutablePointer<UInt8> {
    addresses[buffer.index]!.assumingMemoryBound(to: UInt8.self)
  }

  func means(_ moments: MomentsReference) -> UnsafeMutablePointer<Double> { doubles(moments.buffer) }
  func m2(_ moments: MomentsReference) -> UnsafeMutablePointer<Double> { doubles(moments.buffer) + images * moments.channels }
}

extension sa_activation {
  init(_ activation: ActivationOperator?) {
    switch activation {
    case nil: self = SA_NO_ACTIVATION
    case .relu: self = SA_RELU
    case .relu6: self = SA_RELU6
    }
  }
}
