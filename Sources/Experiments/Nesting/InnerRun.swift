import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// Every candidate on every inner fold of one outer fold. It is given training scans and nothing else, so that no test scan can be chosen by.
struct InnerRun {
  let design: ExperimentDesign
  let fitting: Fitting
  let observer: ExperimentObserver

  /// Adds what the record lacks.
  func run(_ record: inout FoldRecord, save: (inout FoldRecord) throws -> Void) throws {
    guard let nesting = design.configuration.nesting else { return }
    let candidates = design.candidates
    let inner = try fitting.training.innerFolds(nesting.innerFolds, seed: design.configuration.seed)
    for fold in inner {
      let name = fold.training.fold.inner ?? ""
      let missing = candidates.filter { candidate in
        !record.inner.contains { $0.candidate == candidate && $0.innerFold == name }
      }
      guard !missing.isEmpty else { continue }
      let fitting = Fitting(
        design: design, model: self.fitting.model, loader: self.fitting.loader, budget: self.fitting.budget, training: fold.training,
        test: nil, observer: observer)
      var base: Model? = design.base == .headFittedOnSources ? nil : fitting.model
      for candidate in missing {
        guard !observer.shouldStop() else { throw StopRequested() }
        let number = candidates.firstIndex(of: candidate)! + 1
        observer.report(.candidateBegan("\(candidate)", fold: fold.training.fold, number: number, of: candidates.count))
        let row = design.rows.first { $0.entry.name == candidate.strategy }!.training(at: candidate.learningRate)
        if base == nil { base = try fitting.fitted(design.rows[0], from: fitting.model).model }
        record.inner.append(try result(of: candidate, row, fitting, from: row.kind == .baseline ? fitting.model : base!, on: fold))
        try save(&record)
      }
    }
    let order = Dictionary(uniqueKeysWithValues: candidates.enumerated().map { ($1, $0) })
    record.inner.sort { ($0.innerFold, order[$0.candidate, default: 0]) < ($1.innerFold, order[$1.candidate, default: 0]) }
  }

  private func result(
    of candidate: Candidate, _ row: ExperimentDesign.Row, _ fitting: Fitting, from source: Model, on fold: InnerFold
  ) throws -> InnerResult {
    let name = fold.training.fold.inner ?? ""
    do {
      let model = try fitting.fitted(row, from: source).adapted
      let answers = try Predictor(loader: fitting.loader, budget: fitting.budget).predict(model, on: scored(fold.selection))
      return InnerResult(candidate: candidate, innerFold: name, predictions: answers.predictions)
    } catch let error as FileError {
      throw error
    } catch is Interrupted {
      throw StopRequested()
    } catch {
      return InnerResult(candidate: candidate, innerFold: name, failure: "\(error)")
    }
  }

  /// Labelled scans of the scanners that are adapted to; where the scored scanner is unseen, of all that may be fitted on.
  private func scored(_ selection: ValidationScans) -> [ScanRecord] {
    selection.labelledRecords.filter {
      design.configuration.protocolName == .unseenScanner || design.targets.contains($0.scanner)
    }
  }
}
