import Engine

/// The standard error of a layer's pooled channel means when patients, not pixels or scans, are what was sampled.
///
/// The pooled mean is a ratio of sums over patients, `mu = sum(n_p m_p) / sum(n_p)` with `n_p` values of mean `m_p`. Linearized, with
/// patients as clusters and the usual small-sample factor, `SE² = P / (P - 1) * sum((n_p / n)² (m_p - mu)²)`; for patients with equally
/// many values that is their means' sample variance over P. Taking pixels for independent would make it hundreds of times too small.
///
/// Cameron and Miller 2015, "A practitioner's guide to cluster-robust inference"; Cochran 1977, section 6.4 (ratio estimators).
package enum PatientStandardError {
  /// By channel, the square of the standard error; nil with fewer than two patients, where it is undefined.
  ///
  /// - Parameter patients: each patient's pooled moments, in a fixed order.
  package static func squares(_ patients: [ChannelMoments]) -> [Double]? {
    guard patients.count > 1, let pooled = ChannelMoments.merged(patients) else { return nil }
    let factor = Double(patients.count) / Double(patients.count - 1)
    return pooled.mean.indices.map { channel in
      factor
        * patients.reduce(0) { sum, patient in
          let influence = patient.count / pooled.count * (patient.mean[channel] - pooled.mean[channel])
          return sum + influence * influence
        }
    }
  }
}
