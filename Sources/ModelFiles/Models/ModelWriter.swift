import Files

/// Writes a model as one safetensors file: PyTorch's names, and the card with the graph in the metadata.
public enum ModelWriter {
  /// - Throws: `FileError`.
  public static func write(_ model: Model, to path: String) throws(FileError) {
    fatalError("not yet")
  }
}
