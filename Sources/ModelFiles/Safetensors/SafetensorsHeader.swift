import OrderedCollections
import Tensors

/// The JSON header of a safetensors file, checked entry by entry and then as a layout.
struct SafetensorsHeader {
  struct Entry {
    let key: String
    let elementType: ElementType
    let shape: Shape
    let range: Range<Int>
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: OrderedDictionary<String, String> = [:]

  init(json: ArraySlice<UInt8>, file: String) throws(SafetensorsError) {
    let root: StrictJSON
    do throws(StrictJSON.Failure) {
      root = try StrictJSON.parse(json, maximumDepth: 5)
    } catch {
      switch error.problem {
      case .unexpected: throw SafetensorsError(file: file, reason: .headerNotJSON(offset: error.offset))
      case .duplicateName(let name): throw SafetensorsError(file: file, reason: .duplicateKey(name))
      case .tooDeep: throw SafetensorsError(file: file, reason: .headerTooDeep)
      case .tooMany: throw SafetensorsError(file: file, reason: .headerTooMany)
      }
    }
    guard json.first == UInt8(ascii: "{"), case .object(let members) = root else {
      throw SafetensorsError(file: file, reason: .headerNotJSON(offset: 0))
    }
    for (key, value) in members {
      if key == "__metadata__" { metadata = try Self.metadata(value, file) } else { entries.append(try Self.entry(key, value, file)) }
    }
  }

  private static func metadata(_ value: StrictJSON, _ file: String) throws(SafetensorsError) -> OrderedDictionary<String, String> {
    var metadata: OrderedDictionary<String, String> = [:]
    let malformed = SafetensorsError(file: file, reason: .malformedEntry(key: "__metadata__", expected: "an object of strings"))
    guard case .object(let members) = value else { throw malformed }
    for (name, value) in members {
      guard case .string(let text) = value else { throw malformed }
      metadata[name] = text
    }
    return metadata
  }

  private static func entry(_ key: String, _ value: StrictJSON, _ file: String) throws(SafetensorsError) -> Entry {
    func malformed(_ expected: String) -> SafetensorsError {
      SafetensorsError(file: file, reason: .malformedEntry(key: key, expected: expected))
    }
    guard case .object(let members) = value, members.map(\.name).sorted() == ["data_offsets", "dtype", "shape"] else {
      throw malformed("dtype, shape and data_offsets")
    }
    let fields = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    guard case .string(let name)? = fields["dtype"] else { throw malformed("dtype to be a string") }
    guard let elementType = ElementType(rawValue: name) else {
      throw SafetensorsError(file: file, reason: .unknownElementType(key: key, found: name))
    }
    guard case .array(let extents)? = fields["shape"], extents.allSatisfy({ $0.count != nil }) else {
      throw malformed("shape to be non-negative integers")
    }
    guard case .array(let offsets)? = fields["data_offsets"], offsets.count == 2, let begin = offsets[0].count, let end = offsets[1].count,
      begin <= end
    else { throw malformed("data_offsets to be a begin and an end") }
    var size = elementType.byteCount
    for extent in extents {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent.count!)
      guard !overflow else { throw SafetensorsError(file: file, reason: .overflow(key: key)) }
      size = product
    }
    guard size == end - begin else {
      throw SafetensorsError(file: file, reason: .wrongSize(key: key, expectedBytes: size, foundBytes: end - begin))
    }
    return Entry(key: key, elementType: elementType, shape: Shape(extents.map { $0.count! }), range: begin..<end)
  }

  /// The tensors must tile the data: no overlap, no hole, nothing after the last.
  func checkLayout(dataBytes: Int, file: String) throws(SafetensorsError) {
    var position = 0
    var previous = ""
    for entry in entries.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound, $0.key) < ($1.range.lowerBound, $1.range.upperBound, $1.key)
    }) {
      guard entry.range.upperBound <= dataBytes else {
        throw SafetensorsError(file: file, reason: .outOfBounds(key: entry.key, end: entry.range.upperBound, dataBytes: dataBytes))
      }
      guard entry.range.lowerBound >= position else { throw SafetensorsError(file: file, reason: .overlap(key: entry.key, with: previous)) }
      guard entry.range.lowerBound == position else {
        throw SafetensorsError(file: file, reason: .hole(offset: position, before: entry.key))
      }
      position = entry.range.upperBound
      previous = entry.key
    }
    guard position == dataBytes else { throw SafetensorsError(file: file, reason: .trailingBytes(count: dataBytes - position)) }
  }
}
