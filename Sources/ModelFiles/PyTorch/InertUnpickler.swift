/// Reads a pickle without doing what it says: GLOBAL yields a name, REDUCE and NEWOBJ yield the description of a call, BUILD keeps the
/// state beside the object. Only opcodes that `torch.save` writes are known.
///
/// Python's `pickletools` documents the opcodes; PyTorch's own `weights_only` unpickler is the model for the allow-list.
struct InertUnpickler {
  /// Enough for a training checkpoint with ten thousand tensors; a hostile file costs at most about 200 MB.
  struct Limits {
    var nodes = 2_000_000
    var operations = 16_000_000
    var textBytes = 64 << 20
  }

  private(set) var tree = PickleTree()
  private let bytes: [UInt8]
  private let end: Int
  private let limits: Limits
  private var position: Int
  private var stack: [Int] = []
  private var marks: [Int] = []
  private var memo: [Int: Int] = [:]
  private var textBytes = 0

  /// Reads one pickle at `start`.
  /// - Returns: what it says, its root, and the byte after it.
  static func read(
    _ bytes: [UInt8], in range: Range<Int>, limits: Limits = Limits()
  ) throws(PickleError) -> (tree: PickleTree, root: Int, end: Int) {
    var unpickler = InertUnpickler(bytes: bytes, end: range.upperBound, limits: limits, position: range.lowerBound)
    let root = try unpickler.run()
    return (unpickler.tree, root, unpickler.position)
  }

  private init(bytes: [UInt8], end: Int, limits: Limits, position: Int) {
    self.bytes = bytes
    self.end = end
    self.limits = limits
    self.position = position
  }

  private mutating func run() throws(PickleError) -> Int {
    for _ in 0..<limits.operations {
      let code = try byte()
      if code == UInt8(ascii: ".") {
        let root = try pop()
        guard stack.isEmpty, marks.isEmpty else { throw failure(.malformed("something is left on the stack")) }
        return root
      }
      try perform(code)
    }
    throw failure(.tooMany("operations", limit: limits.operations))
  }

  private mutating func perform(_ code: UInt8) throws(PickleError) {
    switch code {
    case 0x80:
      let version = try byte()
      guard (2...5).contains(version) else { throw failure(.protocolVersion(version)) }
    case 0x95: _ = try unsigned(8)  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())

    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.boolean(true))
    case 0x89: try push(.boolean(false))
    case UInt8(ascii: "K"): try push(.integer(try unsigned(1)))
    case UInt8(ascii: "M"): try push(.integer(try unsigned(2)))
    case UInt8(ascii: "J"): try push(.integer(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
    case 0x8A: try pushLong(byteCount: try unsigned(1))
    case 0x8B: try pushLong(byteCount: try unsigned(4))
    case UInt8(ascii: "G"):
      let pattern = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      try push(.float(Double(bitPattern: pattern)))
    case 0x8C: try push(.text(try text(byteCount: try unsigned(1))))
    case UInt8(ascii: "X"): try push(.text(try text(byteCount: try unsigned(4))))
    case 0x8D: try push(.text(try text(byteCount: try unsigned(8))))
    case UInt8(ascii: "U"): try push(.text(try text(byteCount: try unsigned(1))))
    case UInt8(ascii: "T"): try push(.text(try text(byteCount: try unsigned(4))))
    case UInt8(ascii: "C"): try push(.bytes(count: try take(try unsigned(1)).count))
    case UInt8(ascii: "B"): try push(.bytes(count: try take(try unsigned(4)).count))
    case 0x8E, 0x96: try push(.bytes(count: try take(try unsigned(8)).count))

    case UInt8(ascii: "]"): try push(.list)
    case UInt8(ascii: "}"): try push(.dictionary)
    case 0x8F: try push(.set)
    case UInt8(ascii: ")"): try push(.tuple)
    case UInt8(ascii: "l"): try push(.list, items: try popToMark())
    case UInt8(ascii: "d"): try push(.dictionary, items: try pairs(popToMark()))
    case 0x91: try push(.set, items: try popToMark())
    case UInt8(ascii: "t"): try push(.tuple, items: try popToMark())
    case 0x85: try push(.tuple, items: try pop(count: 1))
    case 0x86: try push(.tuple, items: try pop(count: 2))
    case 0x87: try push(.tuple, items: try pop(count: 3))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case 0x90: try append(try popToMark())
    case UInt8(ascii: "s"): try set(try pop(count: 2))
    case UInt8(ascii: "u"): try set(try pairs(popToMark()))

    case UInt8(ascii: "c"): try push(.global("\(try line()).\(try line())"))
    case 0x93:
      let names = try pop(count: 2)
      guard let module = tree.text(names[0]), let name = tree.text(names[1]) else { throw failure(.malformed("a name that isn't text")) }
      try push(.global("\(module).\(name)"))
    case UInt8(ascii: "R"), 0x81:
      let parts = try pop(count: 2)
      try push(.call(function: parts[0], arguments: parts[1]))
    case 0x92:
      let parts = try pop(count: 3)
      try push(.call(function: parts[0], arguments: parts[1]))
    case UInt8(ascii: "b"):
      let state = try pop()
      tree.nodes[try top()].state = state
    case UInt8(ascii: "Q"): try push(.persistent(try pop()))

    case UInt8(ascii: "q"): memo[try unsigned(1)] = try top()
    case UInt8(ascii: "r"): memo[try unsigned(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(try unsigned(1))
    case UInt8(ascii: "j"): try recall(try unsigned(4))
    default:
      position -= 1
      throw failure(.opcode(code))
    }
  }

  // MARK: The stack

  private mutating func push(_ kind: PickleTree.Node.Kind, items: [Int] = []) throws(PickleError) {
    guard tree.nodes.count < limits.nodes else { throw failure(.tooMany("values", limit: limits.nodes)) }
    stack.append(tree.nodes.count)
    tree.nodes.append(PickleTree.Node(kind: kind, items: items))
  }

  private mutating func pop() throws(PickleError) -> Int {
    _ = try top()
    return stack.removeLast()
  }

  private func top() throws(PickleError) -> Int {
    guard let top = stack.last, stack.count > marks.last ?? 0 else { throw failure(.malformed("the stack is empty")) }
    return top
  }

  private mutating func pop(count: Int) throws(PickleError) -> [Int] {
    var items: [Int] = []
    for _ in 0..<count { items.append(try pop()) }
    return items.reversed()
  }

  private mutating func popToMark() throws(PickleError) -> [Int] {
    guard let mark = marks.popLast() else { throw failure(.malformed("there is no mark")) }
    let items = Array(stack[mark...])
    stack.removeLast(items.count)
    return items
  }

  private func pairs(_ items: [Int]) throws(PickleError) -> [Int] {
    guard items.count.isMultiple(of: 2) else { throw failure(.malformed("a key without a value")) }
    return items
  }

  private mutating func append(_ items: [Int]) throws(PickleError) {
    let target = try top()
    switch tree.nodes[target].kind {
    case .list, .set, .call: tree.nodes[target].items += items
    default: throw failure(.malformed("appends to \(tree.kindName(target))"))
    }
  }

  private mutating func set(_ items: [Int]) throws(PickleError) {
    let target = try top()
    switch tree.nodes[target].kind {
    case .dictionary, .call: tree.nodes[target].items += items
    default: throw failure(.malformed("sets an item of \(tree.kindName(target))"))
    }
  }

  private mutating func recall(_ index: Int) throws(PickleError) {
    guard let node = memo[index] else { throw failure(.malformed("memo \(index) was never put")) }
    stack.append(node)
  }

  // MARK: The bytes

  private func failure(_ reason: PickleError.Reason) -> PickleError { PickleError(offset: position, reason: reason) }

  private mutating func byte() throws(PickleError) -> UInt8 {
    guard position < end else { throw failure(.truncated) }
    position += 1
    return bytes[position - 1]
  }

  private mutating func take(_ count: Int) throws(PickleError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= end - position else { throw failure(.truncated) }
    position += count
    return bytes[(position - count)..<position]
  }

  /// A little-endian number; eight bytes that don't fit become a negative one, which no count accepts.
  private mutating func unsigned(_ count: Int) throws(PickleError) -> Int {
    Int(truncatingIfNeeded: try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private mutating func pushLong(byteCount: Int) throws(PickleError) {
    let digits = try take(byteCount)
    guard byteCount <= 8 else {
      guard byteCount <= 256 else { throw failure(.tooMany("bytes in an integer", limit: 256)) }
      return try push(.bigInteger(Array(digits)))
    }
    let fill: UInt64 = (digits.last ?? 0) >= 0x80 ? .max : 0
    try push(.integer(Int(truncatingIfNeeded: digits.reversed().reduce(fill) { $0 << 8 | UInt64($1) })))
  }

  private mutating func text(byteCount: Int) throws(PickleError) -> String {
    let slice = try take(byteCount)
    textBytes += byteCount
    guard textBytes <= limits.textBytes else { throw failure(.tooMany("bytes of text", limit: limits.textBytes)) }
    guard let text = String(validating: slice, as: UTF8.self) else { throw failure(.notUTF8) }
    return text
  }

  /// A name of GLOBAL, which ends with a line feed.
  private mutating func line() throws(PickleError) -> String {
    let rest = bytes[position..<min(end, position + 1025)]
    guard let lineFeed = rest.firstIndex(of: 0x0A) else { throw failure(.malformed("a name without an end")) }
    let name = try text(byteCount: lineFeed - position)
    position += 1
    return name
  }
}
