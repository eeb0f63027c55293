import Foundation
import Normalization
import Testing

@Suite("Mismatch measures of a channel")
struct GaussianMismatchTests {
  static func density(_ x: Double, _ mean: Double, _ variance: Double) -> Double {
    exp(-(x - mean) * (x - mean) / (2 * variance)) / (2 * .pi * variance).squareRoot()
  }

  @Test("The symmetric KL is the integral of (p - q) ln(p / q)", arguments: [(0.0, 1.0, 0.5, 2.0), (1.0, 0.3, -1.0, 0.2), (0, 1, 0, 1)])
  func symmetricKL(_ case: (Double, Double, Double, Double)) {
    let (sourceMean, sourceVariance, targetMean, targetVariance) = `case`
    let step = 1e-3
    var integral = 0.0
    for x in stride(from: -20.0, to: 20, by: step) {
      let p = Self.density(x, sourceMean, sourceVariance)
      let q = Self.density(x, targetMean, targetVariance)
      if p > 1e-250, q > 1e-250 { integral += (p - q) * log(p / q) * step }
    }
    let found = MismatchMeasure.symmetricKL.value(
      sourceMean: sourceMean, sourceVariance: sourceVariance, targetMean: targetMean, targetVariance: targetVariance, epsilon: 0)
    #expect(abs(found - integral) < 1e-6 * max(1, integral))
  }

  @Test("W2 squared is the mean squared distance of matching quantiles")
  func wasserstein() {
    // For Gaussians the optimal map sends mu_s + z sd_s to mu_t + z sd_t; z by the midpoint rule over a fine grid.
    let step = 1e-3
    var expected = 0.0
    for z in stride(from: -12.0, to: 12, by: step) {
      let distance: Double = (1 + z * 2) - (-0.5 + z * 0.5)
      expected += distance * distance * Self.density(z, 0, 1) * step
    }
    let found = MismatchMeasure.wassersteinSquared.value(
      sourceMean: 1, sourceVariance: 4, targetMean: -0.5, targetVariance: 0.25, epsilon: 0)
    #expect(abs(found - expected) < 1e-6)
  }

  @Test(
    "A channel that never varies stays finite by its epsilon, and equal statistics differ by nothing", arguments: MismatchMeasure.allCases)
  func constantChannels(_ measure: MismatchMeasure) {
    let dead = ChannelStatistics(mean: [0, 1], variance: [0, 0])
    let alive = ChannelStatistics(mean: [0.5, 1], variance: [2, 0])
    let values = measure.values(source: dead, target: alive, epsilon: 1e-3)
    #expect(values[0].isFinite && values[0] != 0)
    #expect(values[1] == 0)
    #expect(dead.constantChannels == [0, 1])
  }

  @Test("Shift and variance ratio are signed from source to target")
  func signs() {
    let shift = MismatchMeasure.standardizedMeanShift.value(sourceMean: 1, sourceVariance: 4, targetMean: 0, targetVariance: 1, epsilon: 0)
    let ratio = MismatchMeasure.logVarianceRatio.value(sourceMean: 1, sourceVariance: 4, targetMean: 0, targetVariance: 1, epsilon: 0)
    #expect(shift == -0.5)
    #expect(abs(ratio + log(4)) < 1e-12)
  }
}
