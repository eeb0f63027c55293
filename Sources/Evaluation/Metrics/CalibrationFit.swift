import Foundation

/// How probabilities of two classes would have to be bent: logistic regression of the label on the logit of class 1's probability.
///
/// A slope of 1 and an intercept of 0 need nothing; a slope below 1 is overconfident. The intercept is that at slope 1 (calibration in
/// the large). Standard errors are clustered by patient (sandwich), intervals Student's t. Cox, "Two further applications of a model for
/// binary regression", Biometrika 1958; Steyerberg, "Clinical Prediction Models", 2019, chapter 15.
public struct CalibrationFit: Hashable, Codable, Sendable {
  public let slope: Double
  public let slopeInterval: Interval
  /// In the large: at slope 1.
  public let intercept: Double
  public let interceptInterval: Interval

  /// Over the labelled predictions; `nil` unless they are of two classes which both occur, or where one logit splits the classes.
  public init?(_ predictions: [Prediction], level: Double = 0.95) {
    let labelled = predictions.filter { $0.label != nil }
    guard labelled.allSatisfy({ $0.probabilities.count == 2 }), Set(labelled.map(\.label)).count == 2 else { return nil }
    let logits = labelled.map { prediction in
      let p = min(max(prediction.probabilities[1], Double.ulpOfOne), 1 - Double.ulpOfOne)
      return log(p / (1 - p))
    }
    let ids = Dictionary(Set(labelled.map(\.patient)).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { old, _ in old })
    let scans = Scans(
      logits: logits, labels: labelled.map { Double($0.label!) }, patients: labelled.map { ids[$0.patient]! }, patientCount: ids.count)
    guard ids.count > 2, let joint = scans.fit(slope: nil), let large = scans.fit(slope: 1) else { return nil }
    let quantile = StudentDistribution(degreesOfFreedom: Double(ids.count - 1)).quantile((1 + level) / 2)
    func interval(_ value: Double, _ error: Double) -> Interval {
      Interval(lower: value - quantile * error, upper: value + quantile * error, level: level)
    }
    slope = joint.slope
    slopeInterval = interval(joint.slope, joint.slopeError)
    intercept = large.intercept
    interceptInterval = interval(large.intercept, large.interceptError)
  }

  private struct Scans {
    let logits: [Double]
    let labels: [Double]
    let patients: [Int]
    let patientCount: Int

    /// Newton's method in steps of at most 2, since far from the answer it overshoots; `nil` where it finds no finite one.
    func fit(slope fixed: Double?) -> (slope: Double, slopeError: Double, intercept: Double, interceptError: Double)? {
      var a = 0.0
      var b = fixed ?? 0
      for _ in 0..<100 {
        let (gradient, information) = derivatives(a, b)
        let step = solve(information, gradient, isFixed: fixed != nil)
        guard let step, step.0.isFinite, step.1.isFinite else { return nil }
        let shrink = min(1, 2 / max(abs(step.0), abs(step.1), .leastNormalMagnitude))
        a += shrink * step.0
        b += shrink * step.1
        guard abs(a) < 100, abs(b) < 100 else { return nil }
        if abs(step.0) + abs(step.1) < 1e-12 { return errors(a, b, isFixed: fixed != nil) }
      }
      return nil
    }

    private func derivatives(_ a: Double, _ b: Double) -> (gradient: (Double, Double), information: (Double, Double, Double)) {
      var gradient = (0.0, 0.0)
      var information = (0.0, 0.0, 0.0)
      for scan in logits.indices {
        let x = logits[scan]
        let p = 1 / (1 + exp(-(a + b * x)))
        let residual = labels[scan] - p
        let weight = p * (1 - p)
        gradient = (gradient.0 + residual, gradient.1 + residual * x)
        information = (information.0 + weight, information.1 + weight * x, information.2 + weight * x * x)
      }
      return (gradient, information)
    }

    private func solve(_ matrix: (Double, Double, Double), _ right: (Double, Double), isFixed: Bool) -> (Double, Double)? {
      if isFixed { return matrix.0 > 0 ? (right.0 / matrix.0, 0) : nil }
      let determinant = matrix.0 * matrix.2 - matrix.1 * matrix.1
      guard determinant > 1e-12 * matrix.0 * matrix.2 else { return nil }
      return ((matrix.2 * right.0 - matrix.1 * right.1) / determinant, (matrix.0 * right.1 - matrix.1 * right.0) / determinant)
    }

    /// Liang and Zeger's sandwich with `n/(n-1)` patients.
    private func errors(
      _ a: Double, _ b: Double, isFixed: Bool
    ) -> (slope: Double, slopeError: Double, intercept: Double, interceptError: Double)? {
      let information = derivatives(a, b).information
      var sums = [(Double, Double)](repeating: (0, 0), count: patientCount)
      for scan in logits.indices {
        let residual = labels[scan] - 1 / (1 + exp(-(a + b * logits[scan])))
        let patient = patients[scan]
        sums[patient] = (sums[patient].0 + residual, sums[patient].1 + residual * logits[scan])
      }
      var variances = (0.0, 0.0)
      for sum in sums {
        guard let influence = solve(information, sum, isFixed: isFixed) else { return nil }
        variances = (variances.0 + influence.0 * influence.0, variances.1 + influence.1 * influence.1)
      }
      let factor = Double(patientCount) / Double(patientCount - 1)
      return (b, (factor * variances.1).squareRoot(), a, (factor * variances.0).squareRoot())
    }
  }
}
