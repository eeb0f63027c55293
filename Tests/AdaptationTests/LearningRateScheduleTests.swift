import Adaptation
import Foundation
import Testing

@Suite struct LearningRateScheduleTests {
  @Test("A warm-up rises linearly to the base rate and meets the cosine there")
  func warmUpMeetsCosine() {
    let schedule = LearningRateSchedule(.cosine(), warmUpEpochs: 2)
    let factors = (0..<40).map { schedule.factor(atStep: $0, stepsPerEpoch: 4, epochs: 10) }
    #expect(Array(factors[..<8]) == (1...8).map { Double($0) / 8 })
    #expect(factors[8] == 1)
    // Half way through the 32 remaining steps a cosine is at one half.
    #expect(abs(factors[24] - 0.5) < 1e-12)
    #expect(zip(factors[8...], factors[9...]).allSatisfy { $0 > $1 })
  }

  @Test("A cosine ends just above its final share")
  func cosineEnd() {
    let schedule = LearningRateSchedule(.cosine(finalShare: 0.1))
    let last = schedule.factor(atStep: 99, stepsPerEpoch: 10, epochs: 10)
    #expect(abs(last - (0.1 + 0.9 * (1 + cos(.pi * 0.99)) / 2)) < 1e-12)
  }

  @Test("Steps fall by the factor after every so many epochs")
  func steps() {
    let schedule = LearningRateSchedule(.step(epochs: 3, factor: 0.5))
    let perEpoch = (0..<7).map { schedule.factor(atStep: $0 * 5 + 4, stepsPerEpoch: 5, epochs: 7) }
    #expect(perEpoch == [1, 1, 1, 0.5, 0.5, 0.5, 0.25])
  }

  @Test("A constant schedule stays at the base rate after the warm-up")
  func constant() {
    let schedule = LearningRateSchedule(.constant, warmUpEpochs: 0.5)
    #expect((0..<6).map { schedule.factor(atStep: $0, stepsPerEpoch: 4, epochs: 2) } == [0.5, 1, 1, 1, 1, 1])
  }
}
