import Cohorts
import Evaluation
import Imaging
import RandomStreams

/// A held-out scan to be shown in a report, and what a strategy said about it.
public struct SampleScan: Hashable, Sendable {
  /// A PNG of at most `SampleScans.side` pixels a side, made anew: nothing of the file but what it shows.
  public let picture: [UInt8]
  public let width: Int
  public let height: Int
  /// A pseudonym unless the run was told otherwise.
  public let name: String
  public let scanner: String
  public let label: String
  public let answer: String
  public let probability: Double

  public var isRight: Bool { label == answer }

  public init(
    picture: [UInt8], width: Int, height: Int, name: String, scanner: String, label: String, answer: String, probability: Double
  ) {
    self.picture = picture
    self.width = width
    self.height = height
    self.name = name
    self.scanner = scanner
    self.label = label
    self.answer = answer
    self.probability = probability
  }
}

/// Sample scans of an evaluation: of every scanner and class as many that were right as wrong, as far as there are some.
///
/// Scans are personal data, so nobody gets them who didn't ask.
public struct SampleScans: Sendable {
  public static let side = 128

  /// Whose answers they bear.
  public let strategy: String
  public let scans: [SampleScan]

  public init(strategy: String, scans: [SampleScan]) {
    self.strategy = strategy
    self.scans = scans
  }

  fileprivate init(_ count: Int, of predictions: [Prediction], by strategy: String, in experiment: PlannedEvaluation) {
    let known = Dictionary(experiment.cohort.records.map { ($0.id.rawValue, $0) }) { first, _ in first }
    let (classes, identifiers) = (experiment.design.classes, experiment.experiment.identifiers)
    var scans: [SampleScan] = []
    for prediction in Self.ordered(predictions, seed: experiment.design.configuration.seed) {
      guard scans.count < count else { break }
      guard let record = known[prediction.scan], let label = prediction.label,
        let image = try? PNGReader.decode(contentsOf: record.absolutePath, limits: experiment.experiment.loader.limits),
        let small = (try? image.gray(.luminance, alpha: .discard))?.thumbnail(side: Self.side)
      else { continue }
      scans.append(
        SampleScan(
          picture: PNGWriter.encode(small), width: small.width, height: small.height, name: identifiers.scan(record.id),
          scanner: prediction.scanner, label: classes[label], answer: classes[prediction.decision],
          probability: prediction.probabilities[prediction.decision]))
    }
    self.init(strategy: strategy, scans: scans)
  }

  /// Scanner by scanner and class by class one that was right and one that was wrong, then again; by chance within those.
  package static func ordered(_ predictions: [Prediction], seed: UInt64) -> [Prediction] {
    struct Kind: Hashable, Comparable {
      let label: Int
      let scanner: String
      let isRight: Bool

      static func < (left: Kind, right: Kind) -> Bool {
        (left.scanner, left.label, left.isRight ? 1 : 0) < (right.scanner, right.label, right.isRight ? 1 : 0)
      }
    }
    let labelled = predictions.filter { $0.label != nil }
    let kinds = Dictionary(grouping: labelled) { Kind(label: $0.label!, scanner: $0.scanner, isRight: $0.label == $0.decision) }
    let shuffled = kinds.sorted { $0.key < $1.key }.map { _, members in
      members.map { prediction in
        var stream = RandomStream(seed: seed, purpose: "sample scans", content: prediction.scan)
        return (key: stream.next() as UInt64, prediction: prediction)
      }.sorted { ($0.key, $0.prediction.scan) < ($1.key, $1.prediction.scan) }.map(\.prediction)
    }
    return (0..<(shuffled.map(\.count).max() ?? 0)).flatMap { round in shuffled.compactMap { round < $0.count ? $0[round] : nil } }
  }
}

extension PlannedEvaluation {
  /// Held-out scans of the target to be shown, with the answers of the row that scores best; nil where no row has a score.
  /// - Parameter count: the most there will be; files that can't be read are passed over.
  public func sampleScans(_ count: Int, of result: EvaluationResult, _ records: [FoldRecord?]) -> SampleScans? {
    let sign: Double = result.header.primaryMetric.largerIsBetter ? 1 : -1
    let scored = result.strategies.compactMap { row in row.primary?.test.map { (name: row.name, score: sign * $0.value) } }
    guard let best = scored.max(by: { $0.score < $1.score })?.name else { return nil }
    let targets = Set(result.header.targetScanners)
    let predictions = records.compactMap { $0 }.filter { $0.fold.repetition == 0 }.flatMap { $0[best]?.predictions ?? [] }
    return SampleScans(count, of: predictions.filter { targets.contains($0.scanner) }, by: best, in: self)
  }
}
