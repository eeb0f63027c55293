/// What one fit got wrong on one patient it wasn't fitted on: a loss summed over the patient's labelled scans.
///
/// An error is `sum of losses / sum of weights` over patients, so any loss that is a mean over scans can be a learning curve: mistakes (0 or
/// 1), Brier's, log loss. With groups it is the mean over groups of that quotient, in each resample anew: scans grouped by their class
/// make it a class-balanced error.
public struct PatientError: Hashable, Codable, Sendable {
  public let patient: String
  public let loss: Double
  /// Scans, or their summed weights.
  public let weight: Double
  /// What the scans have in common, such as their class; a patient has an entry for each of its groups.
  public let group: Int

  public init(patient: String, loss: Double, weight: Double = 1, group: Int = 0) {
    self.patient = patient
    self.loss = loss
    self.weight = weight
    self.group = group
  }

  fileprivate var key: Key { Key(patient: patient, group: group) }

  fileprivate struct Key: Hashable, Comparable {
    let patient: String
    let group: Int

    static func < (left: Key, right: Key) -> Bool { (left.patient, left.group) < (right.patient, right.group) }
  }
}

/// One fit of a strategy on a subset of the training patients of a fold, and what it got wrong on the fold's test patients.
public struct CurveMeasurement: Hashable, Codable, Sendable {
  public let strategy: String
  /// Training patients in the subset.
  public let size: Int
  public let fold: Int
  /// Which draw of nested subsets, with its training seed; 0, 1, … in every fold. One draw holds every size and every strategy.
  public let draw: Int
  public let errors: [PatientError]

  public init(strategy: String, size: Int, fold: Int, draw: Int, errors: [PatientError]) {
    self.strategy = strategy
    self.size = size
    self.fold = fold
    self.draw = draw
    self.errors = errors
  }
}

/// Errors of strategies at several numbers of training patients, over folds and draws of nested subsets, patient by patient.
///
/// A complete grid: each strategy has sizes of its own, and at each of them every draw of every fold, on the same test patients.
public struct CurveMeasurements: Sendable {
  public let strategies: [String]
  /// By strategy, ascending.
  public let sizes: [[Int]]
  /// Training patients that subsets were drawn from, in the smallest fold.
  public let poolSize: Int
  /// Test patients over all folds, sorted.
  public let patients: [String]
  let folds: [FoldErrors]

  /// One fold's losses; a cell is a strategy at one of its sizes, strategies after one another.
  struct FoldErrors: Sendable {
    /// Indices into `patients`, and groups: an entry each.
    let patients: [Int]
    let groups: [Int]
    let weights: [Double]
    let draws: Int
    /// [cell][draw][entry]
    var losses: [[[Double]]]
  }

  /// Groups are numbered from 0.
  var groupCount: Int { (folds.lazy.flatMap(\.groups).max() ?? 0) + 1 }
  public var drawsPerFold: Int { folds.map(\.draws).min() ?? 0 }
  var cells: [(strategy: Int, size: Int)] { strategies.indices.flatMap { strategy in sizes[strategy].map { (strategy, $0) } } }

  /// - Parameters:
  ///   - measurements: in any order; strategies are kept in the order they first appear.
  ///   - poolSize: patients that the subsets were drawn from: the training patients of the smallest fold.
  /// - Throws: `CurveMeasurementsError` where something is missing, twice there, or measured on other patients.
  public init(_ measurements: [CurveMeasurement], poolSize: Int) throws(CurveMeasurementsError) {
    guard let first = measurements.first else { throw .nothing }
    var names: [String] = []
    var sizesByName: [String: Set<Int>] = [:]
    for measurement in measurements {
      if sizesByName[measurement.strategy] == nil { names.append(measurement.strategy) }
      guard measurement.size > 0, measurement.size <= poolSize else {
        throw .size(strategy: measurement.strategy, size: measurement.size, poolSize: poolSize)
      }
      sizesByName[measurement.strategy, default: []].insert(measurement.size)
    }
    strategies = names
    sizes = names.map { sizesByName[$0]!.sorted() }
    self.poolSize = poolSize

    let everyone = Set(measurements.lazy.flatMap { $0.errors.lazy.map(\.patient) }).sorted()
    guard !everyone.isEmpty else { throw .noPatients(strategy: first.strategy, size: first.size) }
    patients = everyone
    let positions = Dictionary(uniqueKeysWithValues: everyone.enumerated().map { ($1, $0) })
    let byFold = Dictionary(grouping: measurements) { $0.fold }.sorted { $0.key < $1.key }
    var made: [FoldErrors] = []
    for (fold, members) in byFold {
      made.append(try Self.folded(fold, members, strategies: names, sizes: sizes, positions: positions))
    }
    folds = made
  }

  private static func folded(
    _ fold: Int, _ members: [CurveMeasurement], strategies: [String], sizes: [[Int]], positions: [String: Int]
  ) throws(CurveMeasurementsError) -> FoldErrors {
    struct Key: Hashable {
      let strategy: String
      let size: Int
      let draw: Int
    }
    var byKey: [Key: CurveMeasurement] = [:]
    for member in members {
      let key = Key(strategy: member.strategy, size: member.size, draw: member.draw)
      guard byKey.updateValue(member, forKey: key) == nil else {
        throw .duplicate(strategy: member.strategy, size: member.size, fold: fold, draw: member.draw)
      }
    }
    let draws = Set(members.map(\.draw)).sorted()
    let reference = members[0].errors.sorted { $0.key < $1.key }
    var losses: [[[Double]]] = []
    for (strategy, own) in zip(strategies, sizes) {
      for size in own {
        var cell: [[Double]] = []
        for draw in draws {
          guard let found = byKey[Key(strategy: strategy, size: size, draw: draw)] else {
            throw .missing(strategy: strategy, size: size, fold: fold, draw: draw)
          }
          let errors = found.errors.sorted { $0.key < $1.key }
          guard errors.map(\.key) == reference.map(\.key), errors.map(\.weight) == reference.map(\.weight),
            Set(errors.map(\.key)).count == errors.count, errors.allSatisfy({ $0.weight > 0 && $0.loss.isFinite })
          else { throw .otherPatients(strategy: strategy, size: size, fold: fold, draw: draw) }
          cell.append(errors.map(\.loss))
        }
        losses.append(cell)
      }
    }
    return FoldErrors(
      patients: reference.map { positions[$0.patient]! }, groups: reference.map(\.group), weights: reference.map(\.weight),
      draws: draws.count, losses: losses)
  }
}

/// Measurements that don't make a grid.
public enum CurveMeasurementsError: Error, Hashable, Sendable, CustomStringConvertible {
  case nothing
  case noPatients(strategy: String, size: Int)
  case size(strategy: String, size: Int, poolSize: Int)
  case duplicate(strategy: String, size: Int, fold: Int, draw: Int)
  case missing(strategy: String, size: Int, fold: Int, draw: Int)
  case otherPatients(strategy: String, size: Int, fold: Int, draw: Int)

  public var description: String {
    switch self {
    case .nothing: "no errors were measured: a learning curve needs some"
    case .noPatients(let strategy, let size): "'\(strategy)' at \(size) patients was asked about no test patient"
    case .size(let strategy, let size, let pool): "'\(strategy)' has a subset of \(size) patients; a fold has 1 to \(pool)"
    case .duplicate(let strategy, let size, let fold, let draw):
      "'\(strategy)' at \(size) patients, fold \(fold), draw \(draw) was measured twice"
    case .missing(let strategy, let size, let fold, let draw):
      "'\(strategy)' at \(size) patients wasn't measured in fold \(fold), draw \(draw); curves need every draw"
    case .otherPatients(let strategy, let size, let fold, let draw):
      "'\(strategy)' at \(size) patients, fold \(fold), draw \(draw) wasn't measured once on each test patient of that fold, with finite losses"
    }
  }
}
