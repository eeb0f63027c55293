/// Numbers by scan added up within each patient, so that a resample costs a pass over patients, not over scans.
struct PatientTotals: Sendable {
  private var sums: [Double]
  private var counts: [Double]

  init(_ values: [Double], patients: [Int], patientCount: Int) {
    sums = [Double](repeating: 0, count: patientCount)
    counts = sums
    for (value, patient) in zip(values, patients) {
      sums[patient] += value
      counts[patient] += 1
    }
  }

  func mean(weights: [Double]) -> Double? {
    var total = 0.0
    var count = 0.0
    for patient in sums.indices {
      total += weights[patient] * sums[patient]
      count += weights[patient] * counts[patient]
    }
    return count > 0 ? total / count : nil
  }
}

/// Numbers by scan that fall into cells, added up within each patient and cell.
struct PatientCells: Sendable {
  private struct Entry: Sendable {
    let patient: Int32
    let cell: Int32
    var sum: Double
    var count: Double
  }

  let cellCount: Int
  private var entries: [Entry] = []

  /// - Parameter values: what is added up beside the count; 1 for counting alone.
  init(cells: [Int], values: [Double], patients: [Int], cellCount: Int) {
    self.cellCount = cellCount
    for scan in cells.indices.sorted(by: { (patients[$0], cells[$0], $0) < (patients[$1], cells[$1], $1) }) {
      if let last = entries.last, Int(last.patient) == patients[scan], Int(last.cell) == cells[scan] {
        entries[entries.count - 1].sum += values[scan]
        entries[entries.count - 1].count += 1
      } else {
        entries.append(Entry(patient: Int32(patients[scan]), cell: Int32(cells[scan]), sum: values[scan], count: 1))
      }
    }
  }

  /// The weighted sum of each cell, and the weighted number of scans in all.
  func sums(weights: [Double]) -> (cells: [Double], scans: Double) {
    var cells = [Double](repeating: 0, count: cellCount)
    var scans = 0.0
    for entry in entries {
      let weight = weights[Int(entry.patient)]
      cells[Int(entry.cell)] += weight * entry.sum
      scans += weight * entry.count
    }
    return (cells, scans)
  }

  /// Scans by patient in the cells that are wanted.
  func counts(patientCount: Int, in wanted: (_ cell: Int) -> Bool) -> [Double] {
    var counts = [Double](repeating: 0, count: patientCount)
    for entry in entries where wanted(Int(entry.cell)) { counts[Int(entry.patient)] += entry.count }
    return counts
  }
}
