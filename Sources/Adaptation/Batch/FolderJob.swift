import Cohorts

/// One scanner's folder in a batch: its name, and how to read its cohort when its turn comes, so that a folder that can't be read fails alone.
public struct FolderJob: Sendable {
  /// Names the folder's place in the output; unique in a batch, a plain file name.
  public let name: String
  public let cohort: @Sendable () throws -> Cohort

  public init(name: String, cohort: @escaping @Sendable () throws -> Cohort) {
    self.name = name
    self.cohort = cohort
  }
}
