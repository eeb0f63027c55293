// Depthwise windows over rows that have zeros around them, four columns at a time with everything but the loads in registers.
#ifndef SA_DEPTHWISE_WINDOWS_H
#define SA_DEPTHWISE_WINDOWS_H
#include "lanes.h"

enum { SA_WINDOW_LANES = 32, SA_MOST_WINDOW = 15 };

/// What happens to a row's values before they are stored.
typedef struct sa_window_finish {
  const float *scale, *shift;  // [32]
  const float *residual;       // or NULL
  sa_index residual_stride;
  sa_activation activation;
} sa_window_finish;

/// Rows of up to 32 channels that meet in one destination row, with their kernel rows [tap][32].
typedef struct sa_window_rows {
  sa_index count, lanes;
  const float *row[SA_MOST_WINDOW], *weights[SA_MOST_WINDOW];
} sa_window_rows;

/// `count` windows from column `j`, `width` taps wide.
SA_BODY sa_windows(
    float *y, sa_index y_stride, const sa_window_rows *rows, const sa_index width, const sa_index step, sa_index dilation,
    const sa_index x_stride, sa_index j, const int count, sa_index i, const sa_window_finish *f) {
  sa_v8 sum[4];
  for (int n = 0; n < count; n++) sum[n] = (sa_v8){0};
  for (sa_index u = 0; u < rows->count; u++) {
    const float *x = rows->row[u] + j * step * x_stride + i;
    for (sa_index v = 0; v < width; v++) {
      sa_v8 w = SA_LOAD8(rows->weights[u] + v * SA_WINDOW_LANES + i);
      for (int n = 0; n < count; n++) sum[n] += SA_LOAD8(x + (n * step + v * dilation) * x_stride) * w;
    }
  }
  for (int n = 0; n < count; n++) {
    sa_v8 value = SA_LOAD8(f->scale + i) * sum[n] + SA_LOAD8(f->shift + i);
    if (f->residual) value += SA_LOAD8(f->residual + (j + n) * f->residual_stride + i);
    SA_ACTIVATE8(value, f->activation);
    SA_STORE8(y + (j + n) * y_stride + i, value);
  }
}

SA_BODY sa_windows_of_row(
    float *y, sa_index y_stride, sa_index columns, const sa_window_rows *rows, const sa_index width, const sa_index step,
    const sa_index dilation, const sa_index x_stride, const sa_window_finish *f) {
  for (sa_index i = 0; i < rows->lanes; i += 8) {
    sa_index j = 0;
    for (; j + 4 <= columns; j += 4) sa_windows(y, y_stride, rows, width, step, dilation, x_stride, j, 4, i, f);
    for (; j < columns; j++) sa_windows(y, y_stride, rows, width, step, dilation, x_stride, j, 1, i, f);
  }
}

/// One destination row of `columns` columns.
SA_BODY sa_window_row(
    float *y, sa_index y_stride, sa_index columns, const sa_window_rows *rows, sa_index width, sa_index step, sa_index dilation,
    const sa_index x_stride, const sa_window_finish *f) {
#define SA_ROW(WIDTH, STEP, DILATION) sa_windows_of_row(y, y_stride, columns, rows, WIDTH, STEP, DILATION, x_stride, f)
  if (width == 3 && dilation == 1 && step == 1) SA_ROW(3, 1, 1);
  else if (width == 3 && dilation == 1 && step == 2) SA_ROW(3, 2, 1);
  else if (width == 5 && dilation == 1 && step == 1) SA_ROW(5, 1, 1);
  else if (width == 5 && dilation == 1 && step == 2) SA_ROW(5, 2, 1);
  else SA_ROW(width, step, dilation);
#undef SA_ROW
}
#endif
