import Engine

/// How much of a channel's variance lies between images: `ICC = between / (between + within)`, in 0…1.
///
/// `between` is the variance of the images' means (unbiased, over images), `within` the mean of the images' own variances (biased, as
/// instance normalization divides by them). Pixels of one image aren't independent draws, so nothing of `within` is taken off `between`
/// as an analysis of variance would. A channel near 1 says mostly how bright or contrasty its image is; near 0, where things are.
///
/// Shrout and Fleiss 1979, "Intraclass correlations".
package enum IntraclassCorrelation {
  /// By channel; nil with fewer than two images. A channel that never varies has none, and counts as 0.
  package static func values(_ images: [ChannelMoments]) -> [Double]? {
    guard images.count > 1 else { return nil }
    let count = Double(images.count)
    return images[0].mean.indices.map { channel in
      let mean = images.reduce(0) { $0 + $1.mean[channel] } / count
      let between = images.reduce(0) { $0 + ($1.mean[channel] - mean) * ($1.mean[channel] - mean) } / (count - 1)
      let within = images.reduce(0) { $0 + $1.m2[channel] / $1.count } / count
      return between + within > 0 ? between / (between + within) : 0
    }
  }
}
