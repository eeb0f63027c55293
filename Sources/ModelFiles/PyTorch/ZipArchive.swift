/// Why a ZIP archive isn't read.
public enum ZipError: Error, Hashable, Sendable, CustomStringConvertible {
  case noDirectory
  case truncated(offset: Int)
  /// The central directory and the end record, or the local header, disagree about this.
  case disagreement(String)
  case unsafeName(String)
  case duplicateName(String)
  case compressed(name: String, method: Int)
  case encrypted(name: String)
  case overlap(name: String)
  case severalVolumes

  public var description: String {
    switch self {
    case .noDirectory: "the ZIP archive has no directory at its end"
    case .truncated(let offset): "the ZIP archive's directory is cut off at byte \(offset)"
    case .disagreement(let what): "the ZIP archive's headers disagree about \(what)"
    case .unsafeName(let name): "the ZIP archive has the unsafe name '\(name)'"
    case .duplicateName(let name): "the ZIP archive has '\(name)' twice"
    case .compressed(let name, let method): "'\(name)' in the ZIP archive is compressed (method \(method)); torch.save stores"
    case .encrypted(let name): "'\(name)' in the ZIP archive is encrypted"
    case .overlap(let name): "'\(name)' in the ZIP archive overlaps another entry"
    case .severalVolumes: "the ZIP archive has several volumes"
    }
  }
}

/// The entries of a ZIP archive of stored (not compressed) files, as byte ranges. APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
///
/// Local and central headers must agree, names must stay inside, entries may not overlap, nothing is inflated.
struct ZipArchive {
  struct Entry {
    let name: String
    let range: Range<Int>
  }

  let entries: [Entry]

  static func isArchive(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) }

  init(_ bytes: [UInt8]) throws(ZipError) {
    let reader = ZipReader(bytes: bytes)
    let directory = try reader.directory()
    var entries: [Entry] = []
    var names: Set<String> = []
    var spans: [(Range<Int>, String)] = []
    var offset = directory.range.lowerBound
    for _ in 0..<directory.count {
      let header = try reader.centralHeader(at: offset, before: directory.range.upperBound)
      offset = header.end
      guard names.insert(header.name).inserted else { throw .duplicateName(header.name) }
      let (start, data) = try reader.dataRange(of: header, before: directory.range.lowerBound)
      spans.append((start..<data.upperBound, header.name))
      entries.append(Entry(name: header.name, range: data))
    }
    guard offset == directory.range.upperBound else { throw .disagreement("the directory's size") }
    spans.sort { $0.0.lowerBound < $1.0.lowerBound }
    for (previous, next) in zip(spans, spans.dropFirst()) where next.0.lowerBound < previous.0.upperBound { throw .overlap(name: next.1) }
    self.entries = entries
  }
}

private struct ZipReader {
  let bytes: [UInt8]

  struct CentralHeader {
    let name: String
    let flags: Int
    let method: Int
    let checksum: Int
    let size: Int
    let localOffset: Int
    let end: Int
  }

  func number(_ offset: Int, _ count: Int) throws(ZipError) -> Int {
    guard offset >= 0, offset <= bytes.count - count else { throw .truncated(offset: offset) }
    let value = bytes[offset..<(offset + count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let number = Int(exactly: value) else { throw .truncated(offset: offset) }
    return number
  }

  /// The end record lies at the very end, its comment excepted; its ZIP64 twin, where there is one, before it.
  func directory() throws(ZipError) -> (range: Range<Int>, count: Int) {
    var end = bytes.count - 22
    let last = max(0, bytes.count - 22 - 65535)
    while end >= last {
      if try number(end, 4) == 0x0605_4B50, try number(end + 20, 2) == bytes.count - end - 22 { break }
      end -= 1
    }
    guard end >= last, end >= 0 else { throw .noDirectory }
    guard try number(end + 4, 2) == 0, try number(end + 6, 2) == 0 else { throw .severalVolumes }
    var count = try number(end + 10, 2)
    var size = try number(end + 12, 4)
    var start = try number(end + 16, 4)
    var directoryEnd = end
    if end >= 20, try number(end - 20, 4) == 0x0706_4B50 {
      directoryEnd = try number(end - 20 + 8, 8)
      guard try number(directoryEnd, 4) == 0x0606_4B50 else { throw .noDirectory }
      func agreed(_ small: Int, _ large: Int, unset: Int, _ what: String) throws(ZipError) -> Int {
        guard small == large || small == unset else { throw .disagreement(what) }
        return large
      }
      count = try agreed(count, number(directoryEnd + 32, 8), unset: 0xFFFF, "the number of entries")
      size = try agreed(size, number(directoryEnd + 40, 8), unset: 0xFFFF_FFFF, "the directory's size")
      start = try agreed(start, number(directoryEnd + 48, 8), unset: 0xFFFF_FFFF, "the directory's place")
    }
    // A header is at least 46 bytes, which bounds the count.
    guard start <= directoryEnd, size == directoryEnd - start, count <= size / 46 else { throw .disagreement("the directory's place") }
    return (start..<directoryEnd, count)
  }

  func centralHeader(at offset: Int, before end: Int) throws(ZipError) -> CentralHeader {
    guard offset + 46 <= end, try number(offset, 4) == 0x0201_4B50 else { throw .truncated(offset: offset) }
    let nameEnd = offset + 46 + (try number(offset + 28, 2))
    let extraEnd = nameEnd + (try number(offset + 30, 2))
    let headerEnd = extraEnd + (try number(offset + 32, 2))
    guard headerEnd <= end else { throw .truncated(offset: offset) }
    let name = try self.name(in: (offset + 46)..<nameEnd)
    var wide = try wideNumbers(in: nameEnd..<extraEnd)
    func widened(_ value: Int) throws(ZipError) -> Int {
      guard value == 0xFFFF_FFFF else { return value }
      guard !wide.isEmpty else { throw .disagreement("the size of '\(name)'") }
      return wide.removeFirst()
    }
    let size = try widened(number(offset + 24, 4))
    let stored = try widened(number(offset + 20, 4))
    let localOffset = try widened(number(offset + 42, 4))
    let flags = try number(offset + 8, 2)
    let method = try number(offset + 10, 2)
    guard flags & 1 == 0 else { throw .encrypted(name: name) }
    guard method == 0 else { throw .compressed(name: name, method: method) }
    guard stored == size else { throw .disagreement("the size of '\(name)'") }
    return CentralHeader(
      name: name, flags: flags, method: method, checksum: try number(offset + 16, 4), size: size, localOffset: localOffset, end: headerEnd)
  }

  /// Where an entry's local header begins and where its bytes lie, after checking the one against the central header.
  func dataRange(of header: CentralHeader, before end: Int) throws(ZipError) -> (start: Int, data: Range<Int>) {
    let offset = header.localOffset
    guard offset + 30 <= end, try number(offset, 4) == 0x0403_4B50 else { throw .disagreement("the place of '\(header.name)'") }
    let nameEnd = offset + 30 + (try number(offset + 26, 2))
    let dataStart = nameEnd + (try number(offset + 28, 2))
    guard dataStart <= end, header.size <= end - dataStart else { throw .disagreement("the size of '\(header.name)'") }
    guard try name(in: (offset + 30)..<nameEnd) == header.name else { throw .disagreement("the name of '\(header.name)'") }
    guard try number(offset + 8, 2) == header.method, try number(offset + 6, 2) & 0x0809 == header.flags & 0x0809 else {
      throw .disagreement("the method of '\(header.name)'")
    }
    var size = try number(offset + 22, 4)
    var stored = try number(offset + 18, 4)
    let wide = try wideNumbers(in: nameEnd..<dataStart)
    if size == 0xFFFF_FFFF, stored == 0xFFFF_FFFF, wide.count >= 2 { (size, stored) = (wide[0], wide[1]) }
    let checksum = try number(offset + 14, 4)
    // With flag 3 the local sizes come after the data and stand as zero here.
    let follows = header.flags & 8 != 0 && size == 0 && stored == 0 && checksum == 0
    guard follows || (size == header.size && stored == header.size && checksum == header.checksum) else {
      throw .disagreement("the size of '\(header.name)'")
    }
    let data = dataStart..<(dataStart + header.size)
    if follows, !(try descriptorAgrees(header, at: data.upperBound)) { throw .disagreement("the size of '\(header.name)'") }
    return (offset, data)
  }

  /// The record after the data that repeats checksum and sizes, four or (ZIP64) eight bytes each.
  private func descriptorAgrees(_ header: CentralHeader, at offset: Int) throws(ZipError) -> Bool {
    let narrow = [0x0807_4B50, header.checksum, header.size, header.size]
    var found: [Int] = []
    for position in 0..<4 { found.append(try number(offset + 4 * position, 4)) }
    if found == narrow { return true }
    let (size, stored) = (try number(offset + 8, 8), try number(offset + 16, 8))
    return Array(found[..<2]) == Array(narrow[..<2]) && size == header.size && stored == header.size
  }

  private func name(in range: Range<Int>) throws(ZipError) -> String {
    guard range.upperBound <= bytes.count else { throw .truncated(offset: range.lowerBound) }
    guard let name = String(validating: bytes[range], as: UTF8.self) else {
      throw .unsafeName(String(decoding: bytes[range], as: UTF8.self))
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.contains("\\"), !name.utf8.contains(0), !parts.dropLast().contains(""), !parts.contains(".."),
      !parts.contains(".")
    else { throw .unsafeName(name) }
    return name
  }

  /// The ZIP64 extra field's numbers, eight bytes each.
  private func wideNumbers(in range: Range<Int>) throws(ZipError) -> [Int] {
    var offset = range.lowerBound
    while offset + 4 <= range.upperBound {
      let size = try number(offset + 2, 2)
      guard offset + 4 + size <= range.upperBound else { break }
      if try number(offset, 2) == 1 {
        var numbers: [Int] = []
        for start in stride(from: offset + 4, through: offset + 4 + size - 8, by: 8) { numbers.append(try number(start, 8)) }
        return numbers
      }
      offset += 4 + size
    }
    return []
  }
}
