// Depthwise windows over rows that have zeros around them, some columns at a time with everything but the loads in registers.
#ifndef SA_DEPTHWISE_WINDOWS_H
#define SA_DEPTHWISE_WINDOWS_H
#include "wide_lanes.h"

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

#define WIDTH 16
#include "depthwise_windows_lanes.h"
#undef WIDTH
#define WIDTH 8
#include "depthwise_windows_lanes.h"
#undef WIDTH

/// One destination row of `columns` columns, in vectors of `lanes`.
SA_BODY sa_window_row(
    float *y, sa_index y_stride, sa_index columns, const sa_window_rows *rows, const int lanes, sa_index width, sa_index step,
    sa_index dilation, const sa_index x_stride, const sa_window_finish *f) {
#define SA_ROW(KERNEL, STEP, DILATION) \
  SA_IN_VECTORS(sa_windows_of_row, lanes, rows->lanes, y, y_stride, columns, rows, KERNEL, STEP, DILATION, x_stride, f)
  if (width == 3 && dilation == 1 && step == 1) SA_ROW(3, 1, 1);
  else if (width == 3 && dilation == 1 && step == 2) SA_ROW(3, 2, 1);
  else if (width == 5 && dilation == 1 && step == 1) SA_ROW(5, 1, 1);
  else if (width == 5 && dilation == 1 && step == 2) SA_ROW(5, 2, 1);
  else SA_ROW(width, step, dilation);
#undef SA_ROW
}
#endif
