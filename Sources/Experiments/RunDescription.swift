import Cohorts

/// `run.json`: what a run was given and what it ran on; with the same binary and instruction set it gives the same bits again.
public struct RunDescription: Hashable, Codable, Sendable {
  public static let formatVersion = 1

  /// A file that the run read, and its SHA-256.
  public struct Input: Hashable, Codable, Sendable {
    /// What it was to the run: `model`, `manifest`, `card`.
    public var role: String
    public var path: String
    public var sha256: String

    public init(role: String, path: String, sha256: String) {
      self.role = role
      self.path = path
      self.sha256 = sha256
    }
  }

  public var format = RunDescription.formatVersion
  public var command: [String]
  public var version: String
  /// Of the kernels that ran, such as `avx2+fma`.
  public var instructionSet: String
  public var seed: UInt64
  public var inputs: [Input]
  /// Labels that were renamed to the model's; nil where none was.
  public var labelMappings: [LabelMapping]?
  /// Names the key of the pseudonyms in this folder.
  public var pseudonymKeyID: String
  /// When it began, as the command says it (ISO 8601).
  public var began: String?

  public init(
    command: [String], version: String, instructionSet: String, seed: UInt64, inputs: [Input], labelMappings: [LabelMapping] = [],
    pseudonymKeyID: String, began: String? = nil
  ) {
    self.command = command
    self.version = version
    self.instructionSet = instructionSet
    self.seed = seed
    self.inputs = inputs
    self.labelMappings = labelMappings.isEmpty ? nil : labelMappings
    self.pseudonymKeyID = pseudonymKeyID
    self.began = began
  }
}
