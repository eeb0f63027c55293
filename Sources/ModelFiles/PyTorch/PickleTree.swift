/// What a pickle says, as inert data: names stay names, calls stay descriptions of calls.
///
/// Nodes live in one array and refer to each other by index, so that a deep, shared or self-containing structure costs no more than
/// the bytes that describe it, and nothing recurses through it.
struct PickleTree {
  struct Node {
    enum Kind {
      case none
      case boolean(Bool)
      case integer(Int)
      /// Little-endian two's complement, more than eight bytes.
      case bigInteger([UInt8])
      case float(Double)
      case text(String)
      /// Only how many; nothing needs their values.
      case bytes(count: Int)
      case list
      case tuple
      /// `items` alternate between keys and values.
      case dictionary
      case set
      /// `module.name`
      case global(String)
      /// An object that Python would have made by calling; `items` are what was appended or set on it.
      case call(function: Int, arguments: Int)
      case persistent(Int)
    }
    var kind: Kind
    var items: [Int] = []
    /// What BUILD would have given to `__setstate__`.
    var state: Int?
  }

  var nodes: [Node] = []

  subscript(index: Int) -> Node { nodes[index] }

  func text(_ index: Int) -> String? { if case .text(let text) = nodes[index].kind { text } else { nil } }

  func integer(_ index: Int) -> Int? { if case .integer(let value) = nodes[index].kind { value } else { nil } }

  func tuple(_ index: Int) -> [Int]? { if case .tuple = nodes[index].kind { nodes[index].items } else { nil } }

  /// A call's `module.name` and the items of its argument tuple.
  func call(_ index: Int) -> (function: String, arguments: [Int])? {
    guard case .call(let function, let arguments) = nodes[index].kind, case .global(let name) = nodes[function].kind else { return nil }
    return (name, tuple(arguments) ?? [])
  }

  /// A tuple, list or `torch.Size` of integers.
  func integers(_ index: Int) -> [Int]? {
    var index = index
    if let call = call(index), call.function == "torch.Size", call.arguments.count == 1 { index = call.arguments[0] }
    switch nodes[index].kind {
    case .tuple, .list:
      let values = nodes[index].items.map(integer)
      return values.contains(nil) ? nil : values.compactMap { $0 }
    default: return nil
    }
  }

  /// The entries of a dict or OrderedDict, in order; nil for anything else.
  func entries(_ index: Int) -> [(key: Int, value: Int)]? {
    let node = nodes[index]
    switch node.kind {
    case .dictionary: break
    case .call:
      guard let call = call(index), ["collections.OrderedDict", "builtins.dict", "collections.defaultdict"].contains(call.function) else {
        return nil
      }
      // Python 2 wrote OrderedDict([[key, value], …]).
      if call.function == "collections.OrderedDict", node.items.isEmpty, let list = call.arguments.first {
        let pairs = nodes[list].items.map { nodes[$0].items }
        return pairs.allSatisfy { $0.count == 2 } ? pairs.map { ($0[0], $0[1]) } : nil
      }
    default: return nil
    }
    return stride(from: 0, to: node.items.count - 1, by: 2).map { (node.items[$0], node.items[$0 + 1]) }
  }

  /// What a node is, for a sentence.
  func kindName(_ index: Int) -> String {
    switch nodes[index].kind {
    case .none: "None"
    case .boolean: "a bool"
    case .integer, .bigInteger: "an int"
    case .float: "a float"
    case .text: "a str"
    case .bytes: "bytes"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dict"
    case .set: "a set"
    case .global(let name): "the name \(name)"
    case .call: call(index).map { "an object of \($0.function)" } ?? "an object"
    case .persistent: "a storage"
    }
  }
}
