// Moments of a block of at most 64 pixels, while it is in L1, and their merge in double.
#ifndef SA_BLOCK_MOMENTS_H
#define SA_BLOCK_MOMENTS_H
#include "lanes.h"

/// Writes mean and squared deviations of `pixels` pixels, `width` channels (a multiple of 8), `stride` floats apart.
SA_BODY sa_block_moments(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, sa_index width) {
  sa_v8 inverse = SA_ALL8(1.0f / (float)pixels);
  for (sa_index i = 0; i < width; i += 8) {
    sa_v8 sum = {0};
    for (sa_index pixel = 0; pixel < pixels; pixel++) sum += SA_LOAD8(x + pixel * stride + i);
    sa_v8 centre = sum * inverse, squares = {0};
    for (sa_index pixel = 0; pixel < pixels; pixel++) {
      sa_v8 d = SA_LOAD8(x + pixel * stride + i) - centre;
      squares += d * d;
    }
    SA_STORE8(mean + i, centre);
    SA_STORE8(m2 + i, squares);
  }
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
