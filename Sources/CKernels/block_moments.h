// Moments of a block of at most 64 pixels, while it is in L1 or L2, and their merge in double.
#ifndef SA_BLOCK_MOMENTS_H
#define SA_BLOCK_MOMENTS_H
#include "lanes.h"

/// Mean and squared deviations of `vectors` vectors of channels; the sums of different vectors don't wait for each other.
SA_BODY sa_vector_moments(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, const int vectors) {
  sa_v8 inverse = SA_ALL8(1.0f / (float)pixels), sum[8], squares[8];
  for (int v = 0; v < vectors; v++) sum[v] = squares[v] = (sa_v8){0};
  for (sa_index pixel = 0; pixel < pixels; pixel++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[v] += SA_LOAD8(x + pixel * stride + 8 * v);
  for (int v = 0; v < vectors; v++) sum[v] = sum[v] * inverse;
  for (sa_index pixel = 0; pixel < pixels; pixel++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      sa_v8 d = SA_LOAD8(x + pixel * stride + 8 * v) - sum[v];
      squares[v] += d * d;
    }
  for (int v = 0; v < vectors; v++) {
    SA_STORE8(mean + 8 * v, sum[v]);
    SA_STORE8(m2 + 8 * v, squares[v]);
  }
}

/// Writes mean and squared deviations of `pixels` pixels, `width` channels (a multiple of 8), `stride` floats apart.
SA_BODY sa_block_moments(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, sa_index width) {
  sa_index i = 0;
  for (; i + 32 <= width; i += 32) sa_vector_moments(mean + i, m2 + i, x + i, stride, pixels, 4);
  for (; i < width; i += 8) sa_vector_moments(mean + i, m2 + i, x + i, stride, pixels, 1);
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
