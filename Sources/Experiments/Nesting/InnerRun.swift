import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// Every candidate on every inner fold of one outer fold. It is given training scans and nothing else, so that no test scan can be chosen by.
struct InnerRun<Answer: JudgedAnswer & Codable> {
  let nesting: Nesting
  let candidates: [Candidate]
  let seed: UInt64
  /// Of the outer fold.
  let training: TrainingScans
  let observer: ExperimentObserver

  /// Adds what the record lacks.
  /// - Parameter answers: of a candidate fitted on an inner fold's training scans, to its selection scans.
  func run(
    _ record: inout FoldAnswers<Answer>, answers: (Candidate, InnerFold) throws -> [Answer],
    save: (inout FoldAnswers<Answer>) throws -> Void
  ) throws {
    for fold in try training.innerFolds(nesting.innerFolds, seed: seed) {
      let name = fold.training.fold.inner ?? ""
      for (index, candidate) in candidates.enumerated()
      where !record.inner.contains(where: { $0.candidate == candidate && $0.innerFold == name }) {
        guard !observer.shouldStop() else { throw StopRequested() }
        observer.report(.candidateBegan("\(candidate)", fold: fold.training.fold, number: index + 1, of: candidates.count))
        var result = InnerAnswers<Answer>(candidate: candidate, innerFold: name)
        do {
          result.predictions = try answers(candidate, fold)
        } catch let error as FileError {
          throw error
        } catch is Interrupted {
          throw StopRequested()
        } catch {
          result.failure = "\(error)"
        }
        record.inner.append(result)
        try save(&record)
      }
    }
    let order = Dictionary(uniqueKeysWithValues: candidates.enumerated().map { ($1, $0) })
    record.inner.sort { ($0.innerFold, order[$0.candidate, default: 0]) < ($1.innerFold, order[$1.candidate, default: 0]) }
  }
}

/// A candidate's answers to one inner fold, where each scan has one class.
final class InnerFitting {
  private let design: ExperimentDesign
  private let outer: Fitting
  private let observer: ExperimentObserver
  /// The inner fold's baseline, fitted once.
  private var base: (fold: FoldName, model: Model)?

  init(_ design: ExperimentDesign, _ outer: Fitting, _ observer: ExperimentObserver) {
    self.design = design
    self.outer = outer
    self.observer = observer
  }

  func answers(of candidate: Candidate, on fold: InnerFold) throws -> [Prediction] {
    let fitting = Fitting(
      design: design, model: outer.model, loader: outer.loader, budget: outer.budget, training: fold.training, test: nil,
      observer: observer)
    let row = design.rows.first { $0.entry.name == candidate.strategy }!.training(at: candidate.learningRate)
    if base?.fold != fold.training.fold {
      let fitted = design.base == .headFittedOnSources ? try fitting.fitted(design.rows[0], from: fitting.model).model : fitting.model
      base = (fold.training.fold, fitted)
    }
    let model = try fitting.fitted(row, from: row.kind == .baseline ? fitting.model : base!.model).adapted
    return try Predictor(loader: outer.loader, budget: outer.budget).predict(model, on: scored(fold.selection)).predictions
  }

  /// Labelled scans of the scanners that are adapted to; where the scored scanner is unseen, of all that may be fitted on.
  private func scored(_ selection: ValidationScans) -> [ScanRecord] {
    selection.labelledRecords.filter {
      design.configuration.protocolName == .unseenScanner || design.targets.contains($0.scanner)
    }
  }
}
