// Depthwise windows, a template over WIDTH (wide_lanes.h).

/// `count` windows from column `j`, `width` taps wide.
SA_BODY NAME(sa_windows)(
    float *y, sa_index y_stride, const sa_window_rows *rows, const sa_index width, const sa_index step, sa_index dilation,
    const sa_index x_stride, sa_index j, const int count, sa_index i, const sa_window_finish *f) {
  VEC sum[8];
  UNROLL for (int n = 0; n < count; n++) sum[n] = (VEC){0};
  for (sa_index u = 0; u < rows->count; u++) {
    const float *x = rows->row[u] + j * step * x_stride + i;
    for (sa_index v = 0; v < width; v++) {
      VEC w = LOAD(rows->weights[u] + v * SA_WINDOW_LANES + i);
      UNROLL for (int n = 0; n < count; n++) sum[n] += LOAD(x + (n * step + v * dilation) * x_stride) * w;
    }
  }
  VEC scale = LOAD(f->scale + i), shift = LOAD(f->shift + i);
  UNROLL for (int n = 0; n < count; n++) {
    VEC value = scale * sum[n] + shift;
    if (f->residual) value += LOAD(f->residual + (j + n) * f->residual_stride + i);
    ACTIVATE(value, f->activation);
    STORE(y + (j + n) * y_stride + i, value);
  }
}

/// A row of `columns` windows, lanes `first` ..< `last`.
SA_BODY NAME(sa_windows_of_row)(
    sa_index first, sa_index last, float *y, sa_index y_stride, sa_index columns, const sa_window_rows *rows, const sa_index width,
    const sa_index step, const sa_index dilation, const sa_index x_stride, const sa_window_finish *f) {
#define WINDOWS(COUNT) \
  for (; j + (COUNT) <= columns; j += (COUNT)) NAME(sa_windows)(y, y_stride, rows, width, step, dilation, x_stride, j, COUNT, i, f)
  for (sa_index i = first; i < last; i += WIDTH) {
    sa_index j = 0;
#if WIDTH == 16
    WINDOWS(8);
#endif
    WINDOWS(4);
#if WIDTH == 16
    WINDOWS(2);
#endif
    WINDOWS(1);
  }
#undef WINDOWS
}
