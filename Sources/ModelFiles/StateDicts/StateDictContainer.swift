/// The state dicts inside a checkpoint: every dict, at most four names deep, with a tensor among its values.
struct StateDictContainer {
  struct Candidate {
    /// Keys joined by dots; empty for the file's own root.
    let path: String
    let node: Int
  }

  private(set) var candidates: [Candidate] = []
  private let tree: PickleTree
  private var visited: Set<Int> = []

  init(_ tree: PickleTree, root: Int) {
    self.tree = tree
    collect(root, path: [])
  }

  private mutating func collect(_ node: Int, path: [String]) {
    guard path.count <= 4, candidates.count < 100, visited.insert(node).inserted, let entries = tree.entries(node) else { return }
    let named = entries.compactMap { entry in tree.text(entry.key).map { ($0, entry.value) } }
    if named.contains(where: { isTensor($0.1) }) { candidates.append(Candidate(path: path.joined(separator: "."), node: node)) }
    for (key, value) in named { collect(value, path: path + [key]) }
  }

  private func isTensor(_ node: Int) -> Bool {
    guard let function = tree.call(node)?.function else { return false }
    return function.hasPrefix("torch._utils._rebuild_tensor") || function.hasPrefix("torch._utils._rebuild_parameter")
  }
}
