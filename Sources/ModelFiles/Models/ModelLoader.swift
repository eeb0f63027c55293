/// Reads a model from a weight file of any known format.
public enum ModelLoader {
  /// - Throws: `FileError`, `SafetensorsError`, `PyTorchFileError`, `StateDictError`, `ModelFileError`.
  public static func load(_ path: String, options: ModelLoadingOptions = ModelLoadingOptions()) throws -> (
    model: Model, notes: [LoadingNote]
  ) {
    fatalError("not yet")
  }
}
