import ArgumentParser
import Cohorts

/// The key behind pseudonyms and the patient hashes in model cards.
struct PrivacyOptions: ParsableArguments {
  @Option(help: "The site's key for pseudonyms: a file of 16 bytes or more, outside the run folder. A key of this run's own unless given.")
  var pseudonymKey: String?

  /// The site's; nil where none was given.
  func sitePseudonyms() throws -> Pseudonyms? { try pseudonymKey.map { try Pseudonyms(keyFile: $0) } }

  /// The site's, or those of a key that is forgotten with this run.
  func pseudonyms() throws -> Pseudonyms {
    if let site = try sitePseudonyms() { return site }
    var generator = SystemRandomNumberGenerator()
    return Pseudonyms(using: &generator)
  }
}
