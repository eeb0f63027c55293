// Moments of a block of pixels, a template over WIDTH (wide_lanes.h).

/// Mean and squared deviations of `vectors` vectors of channels; the sums of different vectors don't wait for each other.
SA_BODY NAME(sa_vector_moments)(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, const int vectors) {
  VEC sum[4], squares[4];
  float inverse = 1.0f / (float)pixels;
  UNROLL for (int v = 0; v < vectors; v++) sum[v] = squares[v] = (VEC){0};
  for (sa_index pixel = 0; pixel < pixels; pixel++)
    UNROLL for (int v = 0; v < vectors; v++) sum[v] += LOAD(x + pixel * stride + WIDTH * v);
  UNROLL for (int v = 0; v < vectors; v++) sum[v] = sum[v] * inverse;
  for (sa_index pixel = 0; pixel < pixels; pixel++)
    UNROLL for (int v = 0; v < vectors; v++) {
      VEC d = LOAD(x + pixel * stride + WIDTH * v) - sum[v];
      squares[v] += d * d;
    }
  UNROLL for (int v = 0; v < vectors; v++) {
    STORE(mean + WIDTH * v, sum[v]);
    STORE(m2 + WIDTH * v, squares[v]);
  }
}

/// The same of channels `first` ..< `last`.
SA_BODY NAME(sa_block_moments)(sa_index first, sa_index last, float *mean, float *m2, const float *x, sa_index stride, sa_index pixels) {
  sa_index i = first;
  for (; i + 4 * WIDTH <= last; i += 4 * WIDTH) NAME(sa_vector_moments)(mean + i, m2 + i, x + i, stride, pixels, 4);
  for (; i + 2 * WIDTH <= last; i += 2 * WIDTH) NAME(sa_vector_moments)(mean + i, m2 + i, x + i, stride, pixels, 2);
  for (; i < last; i += WIDTH) NAME(sa_vector_moments)(mean + i, m2 + i, x + i, stride, pixels, 1);
}
