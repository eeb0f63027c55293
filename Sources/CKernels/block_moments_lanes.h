// Moments of a block of pixels, a template over WIDTH (wide_lanes.h).

/// Mean and squared deviations of `vectors` vectors of channels. Even and odd pixels are summed apart, so that few sums wait for each
/// other.
SA_BODY NAME(sa_vector_moments)(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, const int vectors) {
  VEC sum[2][4], squares[2][4];
  UNROLL for (int v = 0; v < vectors; v++) sum[0][v] = sum[1][v] = squares[0][v] = squares[1][v] = (VEC){0};
  sa_index pixel = 0;
  for (; pixel + 2 <= pixels; pixel += 2)
    UNROLL for (int odd = 0; odd < 2; odd++)
      UNROLL for (int v = 0; v < vectors; v++) sum[odd][v] += LOAD(x + (pixel + odd) * stride + WIDTH * v);
  if (pixel < pixels)
    UNROLL for (int v = 0; v < vectors; v++) sum[0][v] += LOAD(x + pixel * stride + WIDTH * v);
  VEC average[4];
  UNROLL for (int v = 0; v < vectors; v++) average[v] = (sum[0][v] + sum[1][v]) * (1.0f / (float)pixels);
  for (pixel = 0; pixel + 2 <= pixels; pixel += 2)
    UNROLL for (int odd = 0; odd < 2; odd++)
      UNROLL for (int v = 0; v < vectors; v++) {
        VEC d = LOAD(x + (pixel + odd) * stride + WIDTH * v) - average[v];
        squares[odd][v] += d * d;
      }
  if (pixel < pixels)
    UNROLL for (int v = 0; v < vectors; v++) {
      VEC d = LOAD(x + pixel * stride + WIDTH * v) - average[v];
      squares[0][v] += d * d;
    }
  UNROLL for (int v = 0; v < vectors; v++) {
    STORE(mean + WIDTH * v, average[v]);
    STORE(m2 + WIDTH * v, squares[0][v] + squares[1][v]);
  }
}

/// The same of channels `first` ..< `last`.
SA_BODY NAME(sa_block_moments)(sa_index first, sa_index last, float *mean, float *m2, const float *x, sa_index stride, sa_index pixels) {
  const int whole = 32 / WIDTH;
  sa_index i = first;
  for (; i + 32 <= last; i += 32) NAME(sa_vector_moments)(mean + i, m2 + i, x + i, stride, pixels, whole);
  for (; i < last; i += WIDTH) NAME(sa_vector_moments)(mean + i, m2 + i, x + i, stride, pixels, 1);
}
