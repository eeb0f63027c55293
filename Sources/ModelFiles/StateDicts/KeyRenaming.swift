/// How one source's keys become those of the built-in networks, as data.
struct KeyRenaming {
  let source: String
  /// Only keys that contain this are renamed.
  let marker: String
  let replacements: [(old: String, new: String)]

  func renamed(_ key: String) -> String {
    guard key.contains(marker) else { return key }
    for (old, new) in replacements {
      if let range = key.firstRange(of: old) { return key.replacingCharacters(in: range, with: new) }
    }
    return key
  }

  static let known = [
    // torchvision's published DenseNet files predate its rename of the layers (torchvision.models.densenet._load_state_dict).
    KeyRenaming(
      source: "torchvision's DenseNet before 0.3", marker: ".denselayer",
      replacements: [(".norm.1.", ".norm1."), (".norm.2.", ".norm2."), (".conv.1.", ".conv1."), (".conv.2.", ".conv2.")])
  ]
}

extension String {
  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
