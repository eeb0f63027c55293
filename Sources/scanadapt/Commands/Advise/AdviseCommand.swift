import ArgumentParser
import Experiments

/// `scanadapt advise`: which method to use on these scans and why, from measurements.
struct AdviseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advise", abstract: "Say which method to use on these scans and why, from measurements within a budget.",
    discussion: """
      Fits each strategy on nested parts of the labelled patients, inside cross-validation: what errs less with so many patients, from how \
      many on more change pays (n_T*), what labelling more would bring, and what each costs here. Answers with a ranked table, the command \
      to run, and what would change the answer; "too few patients to tell" is an answer.
      """)

  @OptionGroup var arguments: AdviceArguments

  func run() throws {
    let job = try AdviceJob(arguments, words: Array(CommandLine.arguments.dropFirst(2)))
    try job.run()
  }
}
