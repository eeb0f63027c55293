/// What a rewrite of a model promises about its output, so that it can be held to it.
public enum RewriteExpectation: String, Hashable, Sendable, Codable {
  /// Recalibration, BN to IN: another output for the same scans, or it did nothing.
  case changesOutput
  /// LoRA, adapters: the same output until something is trained.
  case identityUntilTrained
}
