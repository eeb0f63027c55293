/// What a batch's outputs should be, in the form that the loss takes.
public enum Targets: Hashable, Sendable {
  /// For `Loss.crossEntropy`: each image's class; nil leaves the image out of the loss (its pixels still count in batch statistics).
  case classes([Int?])
  /// For `Loss.binaryCrossEntropy`: for each image, by logit, whether the class is present; nil where that is unknown.
  case findings([[Bool?]])
  /// For `Loss.entropy`: so many images, of which nothing is known.
  case unlabelled(Int)
}

extension Targets {
  /// As the kernels take them: class indices, or images × classes of 1 and 0; -1 for none.
  func checked(for loss: Loss, images: Int, classes: Int) throws(RunError) -> [Int32] {
    switch (self, loss) {
    case (.classes(let targets), .crossEntropy):
      guard targets.count == images else { throw .batch(expected: images, found: targets.count) }
      guard targets.contains(where: { $0 != nil }) else { throw .noTargets }
      for case let target? in targets where target < 0 || target >= classes { throw .target(target, classes: classes) }
      return targets.map { Int32($0 ?? -1) }
    case (.findings(let rows), .binaryCrossEntropy):
      guard rows.count == images else { throw .batch(expected: images, found: rows.count) }
      for row in rows where row.count != classes { throw .findings(row.count, classes: classes) }
      guard rows.contains(where: { $0.contains { $0 != nil } }) else { throw .noTargets }
      return rows.flatMap { row in row.map { known in known.map { $0 ? 1 : 0 } ?? -1 } }
    case (.unlabelled(let count), .entropy):
      guard count == images else { throw .batch(expected: images, found: count) }
      return [Int32](repeating: -1, count: count)
    case (.classes, _), (.findings, _), (.unlabelled, _):
      preconditionFailure("targets of another form than \(loss) takes")
    }
  }
}
