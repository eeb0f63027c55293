/// What a phantom patient has. Both kinds are a nodule of the same area, mean brightness and contrast of texture.
public enum Finding: String, Codable, Hashable, Sendable, CaseIterable {
  /// Spiculated with coarse texture, or gently lobed with either.
  case benign
  /// Spiculated, with fine texture.
  case lesion
}
