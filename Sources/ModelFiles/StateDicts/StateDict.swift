import Files
import OrderedCollections

/// A file's weights by name, out of their container and without wrappers' prefixes, in the file's order.
public struct StateDict: Sendable {
  public let file: String
  /// SHA-256 of the file.
  public let contentHash: ContentHash
  public private(set) var tensors: OrderedDictionary<String, StoredTensor>
  /// A safetensors file's own strings; empty for PyTorch's formats.
  public let metadata: OrderedDictionary<String, String>
  /// What was unwrapped, removed, renamed.
  public private(set) var notes: [LoadingNote]

  /// Reads any known format, recognized by its first bytes.
  /// - Parameter stateKey: which of several state dicts, as a path such as `ema.model`.
  /// - Throws: `FileError`, `SafetensorsError`, `PyTorchFileError`, `StateDictError`.
  public init(contentsOf path: String, stateKey: String? = nil, limitBytes: Int = 8 << 30) throws {
    try self.init(bytes: try FileContents.read(path, limitBytes: limitBytes), file: path, stateKey: stateKey)
  }

  package init(bytes: [UInt8], file: String, stateKey: String? = nil) throws {
    self.file = file
    contentHash = ContentHash(of: bytes)
    notes = []
    // A header's length may begin with the byte that a pickle begins with.
    let isSafetensors = SafetensorsFile.isRecognized(bytes)
    if !isSafetensors,
      ZipArchive.isArchive(bytes) || bytes.first == 0x80 || (bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8))
    {
      let pytorch = try PyTorchFile(bytes: bytes, file: file)
      metadata = [:]
      (tensors, notes) = try Self.tensors(of: pytorch, stateKey: stateKey)
    } else if isSafetensors || (bytes.count >= 9 && (bytes[8] == UInt8(ascii: "{") || file.hasSuffix(".safetensors"))) {
      guard stateKey == nil else { throw StateDictError(file: file, reason: .unknownStateKey(stateKey!, candidates: [])) }
      let safetensors = try SafetensorsFile(bytes: bytes, file: file)
      metadata = safetensors.metadata
      tensors = safetensors.tensors
    } else {
      throw StateDictError(file: file, reason: .unknownFormat)
    }
    guard !tensors.isEmpty else { throw StateDictError(file: file, reason: .noStateDict(found: "no tensors")) }
    try stripPrefixes()
    try rename()
  }

  private static func tensors(
    of file: PyTorchFile, stateKey: String?
  ) throws -> (OrderedDictionary<String, StoredTensor>, [LoadingNote]) {
    let container = StateDictContainer(file.tree, root: file.root)
    let chosen: StateDictContainer.Candidate
    let names = container.candidates.map(\.path)
    if let stateKey {
      guard let named = container.candidates.first(where: { $0.path == stateKey }) else {
        throw StateDictError(file: file.file, reason: .unknownStateKey(stateKey, candidates: names))
      }
      chosen = named
    } else {
      guard let first = container.candidates.first else {
        throw StateDictError(file: file.file, reason: .noStateDict(found: file.tree.kindName(file.root)))
      }
      guard container.candidates.count == 1 else { throw StateDictError(file: file.file, reason: .severalCandidates(names)) }
      chosen = first
    }
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    var notes: [LoadingNote] = chosen.path.isEmpty ? [] : [.unwrapped(container: chosen.path)]
    for (keyNode, value) in file.tree.entries(chosen.node)! {
      guard let key = file.tree.text(keyNode) else { continue }
      guard let tensor = try file.tensor(at: value, key: key) else {
        notes.append(.ignoredEntry(key))
        continue
      }
      guard tensors.updateValue(tensor, forKey: key) == nil else { throw StateDictError(file: file.file, reason: .duplicateKey(key)) }
    }
    return (tensors, notes)
  }

  /// What wrappers put before every key: DataParallel and DDP, `torch.compile`, Lightning modules and common attribute names.
  private static let prefixes = ["module.", "_orig_mod.", "model.", "net.", "network."]

  private mutating func stripPrefixes() throws(StateDictError) {
    while let prefix = Self.prefixes.first(where: { prefix in tensors.keys.allSatisfy { $0.hasPrefix(prefix) && $0.count > prefix.count } })
    {
      try mapKeys { String($0.dropFirst(prefix.count)) }
      notes.append(.strippedPrefix(prefix))
    }
  }

  private mutating func rename() throws(StateDictError) {
    for rule in KeyRenaming.known {
      let before = tensors.keys
      try mapKeys(rule.renamed)
      let count = zip(before, tensors.keys).count { $0 != $1 }
      if count > 0 { notes.append(.renamed(source: rule.source, count: count)) }
    }
  }

  private mutating func mapKeys(_ transform: (String) -> String) throws(StateDictError) {
    var mapped: OrderedDictionary<String, StoredTensor> = [:]
    for (key, tensor) in tensors {
      let name = transform(key)
      guard mapped.updateValue(tensor, forKey: name) == nil else { throw StateDictError(file: file, reason: .duplicateKey(name)) }
    }
    tensors = mapped
  }
}
