// Sums of a depthwise weight gradient, a template over WIDTH (wide_lanes.h).

/// Adds one row of pixels to the sums of one kernel row, `vectors` vectors from lane `i`.
SA_BODY NAME(add_pixels)(
    float *sums, const float *x, const float *dy, sa_index dy_stride, sa_index columns, const sa_index width, const sa_index stride,
    const sa_index dilation, sa_index i, const int vectors) {
  VEC sum[MOST_TAPS][2];
  for (sa_index v = 0; v < width; v++)
    UNROLL for (int n = 0; n < vectors; n++) sum[v][n] = LOAD(sums + v * SA_RING_LANES + i + n * WIDTH);
  for (sa_index j = 0; j < columns; j++) {
    VEC g[2];
    UNROLL for (int n = 0; n < vectors; n++) g[n] = LOAD(dy + j * dy_stride + i + n * WIDTH);
    for (sa_index v = 0; v < width; v++)
      UNROLL for (int n = 0; n < vectors; n++)
        sum[v][n] += g[n] * LOAD(x + (j * stride + v * dilation) * SA_RING_LANES + i + n * WIDTH);
  }
  for (sa_index v = 0; v < width; v++)
    UNROLL for (int n = 0; n < vectors; n++) STORE(sums + v * SA_RING_LANES + i + n * WIDTH, sum[v][n]);
}

/// The same of lanes `first` ..< `last`, two vectors at a time where there are, so that few sums wait for each other.
SA_BODY NAME(add_lanes)(
    sa_index first, sa_index last, float *sums, const float *x, const float *dy, sa_index dy_stride, sa_index columns,
    const sa_index width, const sa_index stride, const sa_index dilation) {
  sa_index i = first;
  for (; i + 2 * WIDTH <= last; i += 2 * WIDTH) NAME(add_pixels)(sums, x, dy, dy_stride, columns, width, stride, dilation, i, 2);
  for (; i < last; i += WIDTH) NAME(add_pixels)(sums, x, dy, dy_stride, columns, width, stride, dilation, i, 1);
}
