// One tile's way between pixels and points for LANES channels; see winograd_tiles.h.

/// Source pixels from `corner` to the points at `to`, `point_stride` apart. Where the tile isn't `whole`, pixels outside the image are 0.
SA_BODY LANED(sa_winograd_input_points)(
    float *to, sa_index point_stride, const float *corner, sa_map source, const float *scale, const float *shift,
    sa_activation activation, sa_winograd_window inside, const int m, const bool whole, const bool has_prologue) {
  const int side = m + 2;
  V d[SA_WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
  for (int r = 0; r < side; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < side; c++) {
      V x = {0};
      if (whole || (r >= inside.top && r < inside.bottom && c >= inside.left && c < inside.right)) {
        x = LOAD(corner + (r * source.w + c) * source.pixel_stride);
        if (has_prologue) {
          x = LOAD(scale) * x + LOAD(shift);
          ACTIVATE(x, activation);
        }
      }
      d[r * side + c] = x;
    }
#pragma clang loop unroll(full)
  for (int c = 0; c < side; c++) LANED(sa_winograd_input)(d + c, side, m);
#pragma clang loop unroll(full)
  for (int r = 0; r < side; r++) {
    LANED(sa_winograd_input)(d + r * side, 1, m);
#pragma clang loop unroll(full)
    for (int c = 0; c < side; c++) STORE(to + (r * side + c) * point_stride, d[r * side + c]);
  }
}

/// Pixels of the output's gradient from `dy` to the points at `to`; those outside the image are 0.
SA_BODY LANED(sa_winograd_gradient_points)(
    float *to, sa_index point_stride, const float *dy, sa_map map, sa_index rows, sa_index columns, const int m) {
  const int side = m + 2;
  V d[SA_WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
  for (int r = 0; r < m; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < m; c++) {
      d[r * side + c] = (V){0};
      if (r < rows && c < columns) d[r * side + c] = LOAD(dy + (r * map.w + c) * map.pixel_stride);
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < m; r++) LANED(sa_winograd_output_gradient)(d + r * side, 1, m);
#pragma clang loop unroll(full)
  for (int c = 0; c < side; c++) {
    LANED(sa_winograd_output_gradient)(d + c, side, m);
#pragma clang loop unroll(full)
    for (int r = 0; r < side; r++) STORE(to + (r * side + c) * point_stride, d[r * side + c]);
  }
}

/// Products at `points` to output pixels x[row * (m + 2) + column].
SA_BODY LANED(sa_winograd_output_values)(V *x, const float *points, sa_index point_stride, const int m) {
  const int side = m + 2;
#pragma clang loop unroll(full)
  for (int p = 0; p < side * side; p++) x[p] = LOAD(points + p * point_stride);
#pragma clang loop unroll(full)
  for (int c = 0; c < side; c++) LANED(sa_winograd_output)(x + c, side, m);
#pragma clang loop unroll(full)
  for (int r = 0; r < m; r++) LANED(sa_winograd_output)(x + r * side, 1, m);
}

/// The mean and squared deviations of a tile's pixels inside the image.
SA_BODY LANED(sa_winograd_tile_moments)(float *mean, float *m2, const V *x, const int side, sa_index rows, sa_index columns) {
  V sum = {0}, squares = {0};
  for (sa_index r = 0; r < rows; r++)
    for (sa_index c = 0; c < columns; c++) sum += x[r * side + c];
  V average = sum * (1.0f / (float)(rows * columns));
  for (sa_index r = 0; r < rows; r++)
    for (sa_index c = 0; c < columns; c++) {
      V d = x[r * side + c] - average;
      squares += d * d;
    }
  STORE(mean, average);
  STORE(m2, squares);
}

/// Stores output pixels through the epilogue, its arrays being those of the first channel, or as they are where it is `plain`.
SA_BODY LANED(sa_winograd_store)(
    const sa_winograd_output *f, const V *x, sa_index pixel, sa_index channel, sa_index rows, sa_index columns, const float *scale,
    const float *shift, const int m, const bool plain) {
#pragma clang loop unroll(full)
  for (int r = 0; r < m; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < m; c++) {
      if (r >= rows || c >= columns) continue;
      sa_index at = pixel + r * f->map.w + c;
      float *to = f->map.data + at * f->map.pixel_stride + channel;
      V value = x[r * (m + 2) + c];
      if (!plain) {
        value = LOAD(scale) * value + LOAD(shift);
        if (f->epilogue.residual.data) value += LOAD(f->epilogue.residual.data + at * f->epilogue.residual.pixel_stride + channel);
        if (f->mode == SA_ACCUMULATES) value += LOAD(to);
        ACTIVATE(value, f->epilogue.activation);
      }
      STORE(to, value);
    }
}
