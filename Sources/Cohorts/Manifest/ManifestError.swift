import Files

/// What is wrong with a manifest or an image folder: file, line (from 1, the header being line 1 of a plain file), reason.
public struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case file(FileError)
    case empty
    case noRows
    case everyRowFilteredOut
    case noFileFound(root: String, rows: Int)
    case invalidUTF8
    case controlCharacter(code: UInt8)
    case strayQuote
    case textAfterQuote
    case unclosedQuote
    case lineTooLong(limitBytes: Int)
    case fieldCount(found: Int, expected: Int)
    case unreadableRow
    case emptyColumnName(column: Int)
    case duplicateColumn(String)
    case missingColumn(String, for: ManifestColumn, available: [String])
    case missingScannerColumn(available: [String])
    case missingLabelColumn(String, available: [String])
    /// No row has a value in it.
    case emptyLabelColumn(String)
    case unknownFinding(String, column: String)
    case labelColumnsWithoutManifest
    case unknownFilterColumn(String, available: [String])
    case missingPath
    case missingPatient(scan: String)
    case missingScanner(scan: String)
    case pathLeavesRoot(path: String, root: String)
    case duplicatePath(String, firstLine: Int)
    case sameFile(String, other: String, firstLine: Int)
    case badPattern(String)
    case patternDoesNotMatch(pattern: String, path: String)
    case patientsNotStated
  }

  public let file: String
  public let line: Int?
  public let reason: Reason

  public init(file: String, line: Int? = nil, reason: Reason) {
    self.file = file
    self.line = line
    self.reason = reason
  }

  public var description: String {
    if case .file(let error) = reason { return error.description }
    return file + (line.map { ":\($0)" } ?? "") + ": " + sentence
  }

  private func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

  private var sentence: String {
    switch reason {
    case .file(let error): error.description
    case .empty: "found an empty file; expected a header such as path,patient,scanner,label"
    case .noRows: "found no rows; expected at least one scan"
    case .everyRowFilteredOut: "no row is left after the filters; expected at least one scan"
    case .noFileFound(let root, let rows): "found none of the files of its \(rows) rows below '\(root)'; expected them there (see --root)"
    case .invalidUTF8: "found bytes that are not UTF-8; expected UTF-8 text"
    case .controlCharacter(let code): "found a control character (code \(code)); expected text"
    case .strayQuote: "found a quote inside an unquoted cell; expected the whole cell in quotes, and quotes in it doubled"
    case .textAfterQuote: "found text after a closing quote; expected a delimiter or the end of the line"
    case .unclosedQuote: "found a quote that is never closed; expected a closing quote"
    case .lineTooLong(let limit): "found a row of more than \(limit) bytes; expected less"
    case .fieldCount(let found, let expected): "found \(found) cells; expected \(expected), as in the header"
    case .unreadableRow: "found a combining character next to a delimiter or a quote; expected plain delimiters"
    case .emptyColumnName(let column): "found no name for column \(column); expected a name for each column"
    case .duplicateColumn(let name): "found column '\(name)' twice; expected each name once"
    case .missingColumn(let name, let role, let available):
      "found columns \(list(available)); expected '\(name)' for the \(role.rawValue) (see --column \(role.rawValue)=NAME)"
    case .missingScannerColumn(let available): "found columns \(list(available)); expected 'scanner', or --scanner NAME"
    case .missingLabelColumn(let name, let available): "found columns \(list(available)); expected '\(name)', which --label-columns names"
    case .emptyLabelColumn(let name): "found no value in column '\(name)', which --label-columns names; expected 1 or 0 in some row"
    case .unknownFinding(let found, let column):
      "found '\(found)' in column '\(column)'; expected 1 (there), 0 (not there), or nothing where nobody looked"
    case .labelColumnsWithoutManifest: "found a folder without a manifest; expected one with the columns that --label-columns names"
    case .unknownFilterColumn(let name, let available): "found columns \(list(available)); expected '\(name)', which a filter names"
    case .missingPath: "found no path; expected a scan's path"
    case .missingPatient(let scan):
      "found no patient for '\(scan)'; expected an id (if every scan is its own patient, say so with --patient-column path)"
    case .missingScanner(let scan): "found no scanner for '\(scan)'; expected a name, or --scanner NAME"
    case .pathLeavesRoot(let path, let root): "found '\(path)', which leads out of '\(root)'; expected a path below it"
    case .duplicatePath(let path, let first): "found '\(path)' again (first on line \(first)); expected each scan once"
    case .sameFile(let path, let other, let first):
      "found '\(path)', which is the same file as '\(other)' on line \(first); expected each scan once"
    case .badPattern(let pattern): "found /\(pattern)/, which is not a regular expression; expected one with the patient's id in brackets"
    case .patternDoesNotMatch(let pattern, let path): "found '\(path)', which /\(pattern)/ does not match; expected a patient in each path"
    case .patientsNotStated:
      "found a folder without a manifest; expected --patient-pattern REGEX, or --patient-column path if every scan is its own patient"
    }
  }
}
