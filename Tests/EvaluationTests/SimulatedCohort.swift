import Evaluation
import Foundation
import RandomStreams

/// Patients with an effect of their own on every scan's score, half of them of each class.
struct SimulatedCohort {
  var patients = 40
  var scansPerPatient = 3
  /// Distance between the class means, in units of one scan's noise.
  var separation = 1.0
  /// Standard deviation of a patient's effect.
  var patientSpread = 1.0

  func predictions(seed: UInt64, model: String = "source", gain: Double = 0) -> [Prediction] {
    var shared = RandomStream(seed: seed, purpose: "patients")
    var own = RandomStream(seed: seed, purpose: "noise of " + model)
    return (0..<patients).flatMap { patient in
      let label = patient % 2
      let effect = patientSpread * shared.normal()
      return (0..<scansPerPatient).map { scan in
        let score = (label == 1 ? separation + gain : 0) + effect + own.normal()
        let probability = 1 / (1 + exp(-score))
        return Prediction(
          scan: "\(patient)-\(scan)", patient: "p\(patient)", scanner: "A", label: label, probabilities: [1 - probability, probability])
      }
    }
  }
}
