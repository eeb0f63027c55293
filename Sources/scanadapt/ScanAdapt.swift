import ArgumentParser

@main
struct ScanAdapt: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scanadapt", abstract: "Make a network fit this hospital's scanners, and prove whether it does.")
}
