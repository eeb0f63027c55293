import Tensors

/// The number formats that weight files hold and ScanAdapt reads.
public enum ElementType: String, Hashable, Sendable, Codable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case boolean = "BOOL"

  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .boolean: 1
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }
}

/// A tensor as a file holds it: its extents and number format, and a window into the file's bytes that is decoded when asked for.
///
/// The window was checked when the value was made, so decoding can't fail. Many tensors may share one file's bytes.
public struct StoredTensor: Sendable {
  public let shape: Shape
  public let elementType: ElementType
  private let bytes: [UInt8]
  private let offset: Int
  /// In elements, one per axis; nil where the elements lie in row-major order.
  private let strides: [Int]?
  private let isBigEndian: Bool

  /// - Precondition: every element that `shape` and `strides` reach from byte `offset` lies inside `bytes`.
  init(shape: Shape, elementType: ElementType, bytes: [UInt8], offset: Int, strides: [Int]? = nil, isBigEndian: Bool = false) {
    self.shape = shape
    self.elementType = elementType
    self.bytes = bytes
    self.offset = offset
    self.strides = strides == Self.rowMajorStrides(of: shape) ? nil : strides
    self.isBigEndian = isBigEndian
    guard shape.count > 0 else { return }
    let last = zip(shape.dimensions, self.strides ?? Self.rowMajorStrides(of: shape)).map { ($0 - 1) * $1 }.reduce(0, +)
    precondition(offset >= 0 && offset + (last + 1) * elementType.byteCount <= bytes.count, "a tensor reaches past its file")
  }

  static func rowMajorStrides(of shape: Shape) -> [Int] {
    var strides: [Int] = []
    var stride = 1
    for extent in shape.dimensions.reversed() {
      strides.append(stride)
      stride = stride &* extent
    }
    return strides.reversed()
  }

  /// The values as Float32: Float64 is rounded, the 16-bit formats and integers up to 2²⁴ are exact.
  public func decodedTensor() -> Tensor {
    Tensor(shape: shape) { target in
      bytes.withUnsafeBytes { source in
        if elementType == .float32, strides == nil, !isBigEndian {
          UnsafeMutableRawBufferPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + 4 * target.count)]))
        } else {
          var index = 0
          forEachPosition { position in
            target[index] = float(at: position, in: source)
            index += 1
          }
        }
      }
    }
  }

  /// The values as Int64; nil for a floating-point tensor.
  public func decodedIntegers() -> [Int64]? {
    guard !elementType.isFloatingPoint else { return nil }
    var values: [Int64] = []
    values.reserveCapacity(shape.count)
    bytes.withUnsafeBytes { source in forEachPosition { values.append(integer(at: $0, in: source)) } }
    return values
  }

  /// The byte position of every element, in row-major order of the axes.
  private func forEachPosition(_ body: (Int) -> Void) {
    let extents = shape.dimensions
    let strides = strides ?? Self.rowMajorStrides(of: shape)
    guard shape.count > 0 else { return }
    var index = [Int](repeating: 0, count: extents.count)
    var element = 0
    while true {
      body(offset + element * elementType.byteCount)
      var axis = extents.count - 1
      while axis >= 0 {
        index[axis] += 1
        element += strides[axis]
        if index[axis] < extents[axis] { break }
        element -= strides[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private func float(at position: Int, in source: UnsafeRawBufferPointer) -> Float {
    switch elementType {
    case .float64: Float(Double(bitPattern: load(UInt64.self, position, source)))
    case .float32: Float(bitPattern: load(UInt32.self, position, source))
    case .float16: Float(Float16(bitPattern: load(UInt16.self, position, source)))
    case .bfloat16: Float(bitPattern: UInt32(load(UInt16.self, position, source)) << 16)
    default: Float(integer(at: position, in: source))
    }
  }

  private func integer(at position: Int, in source: UnsafeRawBufferPointer) -> Int64 {
    switch elementType {
    case .int64: load(Int64.self, position, source)
    case .int32: Int64(load(Int32.self, position, source))
    case .int16: Int64(load(Int16.self, position, source))
    case .int8: Int64(load(Int8.self, position, source))
    case .uint8: Int64(load(UInt8.self, position, source))
    case .boolean: load(UInt8.self, position, source) == 0 ? 0 : 1
    case .float64, .float32, .float16, .bfloat16: preconditionFailure("\(elementType) isn't an integer format")
    }
  }

  private func load<Value: FixedWidthInteger>(_ type: Value.Type, _ position: Int, _ source: UnsafeRawBufferPointer) -> Value {
    let value = source.loadUnaligned(fromByteOffset: position, as: type)
    return isBigEndian ? Value(bigEndian: value) : Value(littleEndian: value)
  }
}
