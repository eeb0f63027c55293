/// A choice of patients that puts every required class into every part: found by exhaustive search, because a greedy choice misses
/// divisions that exist when patients have several classes.
///
/// A class with enough patients who have no other one is served by them and leaves the search. Patients with the same set of
/// classes are alike, and parts are filled one after another, so the search branches over sets of classes and not over patients.
/// Packing covers is NP-hard; the search stops after a fixed number of steps, far beyond what cohorts need.
struct ClassCover {
  enum Outcome {
    /// For each part the patients chosen for it; all others are free.
    case found([[Int]])
    case impossible
    case undecided
  }

  private let required: [Int]
  private let parts: Int
  private var kinds: [(labels: Set<Int>, patients: [Int])] = []
  /// Patients not chosen yet, for each class.
  private var left: [Int]
  private var chosen: [[Int]]
  private var stepsLeft: Int

  /// - Parameters:
  ///   - order: the patients in the order in which alike ones are taken.
  ///   - required: classes that every part must have.
  static func search(_ groups: PatientGroups, order: [Int], required: [Int], parts: Int, steps: Int = 50_000) -> Outcome {
    var chosen = [[Int]](repeating: [], count: parts)
    var pure: [Int: [Int]] = [:]
    for patient in order where groups.labelsOfPatient[patient].count == 1 {
      pure[groups.labelsOfPatient[patient][0], default: []].append(patient)
    }
    var contested: [Int] = []
    for label in required {
      if let patients = pure[label], patients.count >= parts {
        for part in 0..<parts { chosen[part].append(patients[part]) }
      } else {
        contested.append(label)
      }
    }
    guard !contested.isEmpty else { return .found(chosen) }
    guard contested.count * parts <= 2000 else { return .undecided }
    var search = ClassCover(groups, order: order, required: contested, parts: parts, chosen: chosen, steps: steps)
    if search.fill(part: 0, missing: Set(contested)) { return .found(search.chosen) }
    return search.stepsLeft > 0 ? .impossible : .undecided
  }

  private init(_ groups: PatientGroups, order: [Int], required: [Int], parts: Int, chosen: [[Int]], steps: Int) {
    self.required = required
    self.parts = parts
    self.chosen = chosen
    stepsLeft = steps
    left = [Int](repeating: 0, count: groups.labels.count)
    let wanted = Set(required)
    var numberOfKind: [Set<Int>: Int] = [:]
    for patient in order.reversed() {
      let labels = wanted.intersection(groups.labelsOfPatient[patient])
      if labels.isEmpty { continue }
      for label in labels { left[label] += 1 }
      if let number = numberOfKind[labels] {
        kinds[number].patients.append(patient)
      } else {
        numberOfKind[labels] = kinds.count
        kinds.append((labels, [patient]))
      }
    }
    // Small sets first: a patient with many classes is kept for where it is needed.
    kinds.sort { ($0.labels.count, $0.labels.sorted().description) < ($1.labels.count, $1.labels.sorted().description) }
  }

  private mutating func fill(part: Int, missing: Set<Int>) -> Bool {
    if missing.isEmpty { return part + 1 == parts || fill(part: part + 1, missing: Set(required)) }
    let enoughIsLeft = required.allSatisfy { left[$0] >= parts - part - 1 + (missing.contains($0) ? 1 : 0) }
    guard stepsLeft > 0, enoughIsLeft else { return false }
    // One of the patients with the rarest missing class must come here; which, is the branch.
    guard let rarest = missing.min(by: { (left[$0], $0) < (left[$1], $1) }) else { return false }
    for kind in kinds.indices where kinds[kind].labels.contains(rarest) && !kinds[kind].patients.isEmpty {
      stepsLeft -= 1
      let patient = kinds[kind].patients.removeLast()
      for label in kinds[kind].labels { left[label] -= 1 }
      chosen[part].append(patient)
      if fill(part: part, missing: missing.subtracting(kinds[kind].labels)) { return true }
      chosen[part].removeLast()
      for label in kinds[kind].labels { left[label] += 1 }
      kinds[kind].patients.append(patient)
      if stepsLeft <= 0 { return false }
    }
    return false
  }
}
