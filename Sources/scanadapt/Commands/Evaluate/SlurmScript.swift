import Foundation

/// An array job with a task for each fold, and how to gather after it.
struct SlurmScript {
  let folder: String
  let folds: Int

  var text: String {
    let command = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "scanadapt"
    let path = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    let (program, run) = (quoted(command), quoted(path))
    return """
      #!/bin/sh
      #SBATCH --job-name=scanadapt
      #SBATCH --array=1-\(folds)
      #SBATCH --cpus-per-task=4
      #SBATCH --output=slurm-%A_%a.log
      #
      # Submit, then gather when every task has ended:
      #   job=$(sbatch --parsable slurm.sh)
      #   sbatch --dependency=afterany:$job --wrap "\(program) evaluate gather --run \(run)"
      # A task that was stopped (exit code 75) continues where it was when it is submitted again.
      exec \(program) evaluate run --run \(run) --fold "$SLURM_ARRAY_TASK_ID" --threads "${SLURM_CPUS_PER_TASK:-1}" --quiet

      """
  }

  private func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }
}
