// Moments of a block of at most 64 pixels, while it is in L1 or L2, and their merge in double.
#ifndef SA_BLOCK_MOMENTS_H
#define SA_BLOCK_MOMENTS_H
#include "wide_lanes.h"

#define WIDTH 16
#include "block_moments_lanes.h"
#undef WIDTH
#define WIDTH 8
#include "block_moments_lanes.h"
#undef WIDTH

/// Writes mean and squared deviations of `pixels` pixels, `width` channels (a multiple of 8), `stride` floats apart, in vectors of `lanes`.
SA_BODY sa_block_moments(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, sa_index width, const int lanes) {
  SA_IN_VECTORS(sa_block_moments, lanes, width, mean, m2, x, stride, pixels);
}

/// Merges a block of `size` pixels into the moments of the `before` pixels before it (Chan, Golub, LeVeque 1983).
SA_BODY sa_merge_block(
    double *mean, double *m2, const float *block_mean, const float *block_m2, sa_index before, sa_index size, sa_index channels) {
  double weight = (double)size / (double)(before + size), cross = (double)before * weight;
  for (sa_index i = 0; i < channels; i++) {
    double d = (double)block_mean[i] - mean[i];
    mean[i] += d * weight;
    m2[i] += (double)block_m2[i] + d * d * cross;
  }
}
#endif
