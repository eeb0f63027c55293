import Graphs

extension Workspace {
  /// Runs the forward pass again and looks at what each step writes: the node of the first whose output isn't finite, an input's name
  /// where the images already weren't; nil where all is finite.
  func firstNonFinite(
    _ program: Program, inputs: [String: FeatureMaps], outputs: [String: FeatureMaps], parameters: BoundParameters,
    pool: OpaquePointer?, seed: UInt64, stepIndex: Int, targets: [Int32]
  ) -> String? {
    for name in inputs.keys.sorted() where !inputs[name]!.tensor.values.allSatisfy(\.isFinite) { return name }
    var found: String?
    var remaining = program.forwardCount
    _ = run(
      program, inputs: inputs, outputs: outputs, parameters: parameters, pool: pool, seed: seed, stepIndex: stepIndex, targets: targets
    ) { step, run in
      if (step as? any MapStep)?.writesNonFinite(run) == true { found = step.node }
      remaining -= 1
      return found == nil && remaining > 0
    }
    return found
  }
}

extension MapStep {
  fileprivate func writesNonFinite(_ run: borrowing Run) -> Bool {
    let map = run.map(output)
    for pixel in 0..<(map.n * map.h * map.w) {
      for channel in 0..<map.c where !map.data[pixel * map.pixel_stride + channel].isFinite { return true }
    }
    return false
  }
}
