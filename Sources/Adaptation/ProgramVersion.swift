/// This program's version: in every run's identity, so that another version never continues a run as if it were the same.
public enum ProgramVersion {
  public static let current = "0.1.0"
}
