// One tile's way between pixels and points for channels first ..< last, WIDTH at a time; see winograd_tiles.h.

/// Source pixels to points, channel `channel + i` at `v + its place`; `corner`, `scale` and `shift` are those of channel `channel`. Where
/// the tile isn't `whole`, pixels outside the image are 0.
SA_BODY NAME(sa_winograd_input_points)(
    sa_index first, sa_index last, float *v, sa_index v_point, const sa_winograd_tiles *f, sa_index channel, const float *corner,
    const float *scale, const float *shift, sa_winograd_window inside, const int m, const bool whole, const bool has_prologue) {
  const int side = m + 2;
  sa_map source = f->source;
  for (sa_index i = first; i < last; i += WIDTH) {
    VEC d[SA_WINOGRAD_MOST_POINTS];
    UNROLL for (int r = 0; r < side; r++) UNROLL for (int c = 0; c < side; c++) {
      VEC x = {0};
      if (whole || (r >= inside.top && r < inside.bottom && c >= inside.left && c < inside.right)) {
        x = LOAD(corner + (r * source.w + c) * source.pixel_stride + i);
        if (has_prologue) {
          x = LOAD(scale + i) * x + LOAD(shift + i);
          ACTIVATE(x, f->prologue.activation);
        }
      }
      d[r * side + c] = x;
    }
    UNROLL for (int c = 0; c < side; c++) NAME(sa_winograd_input)(d + c, side, m);
    float *to = v + (channel + i) / f->group * f->group_stride + (channel + i) % f->group;
    UNROLL for (int r = 0; r < side; r++) {
      NAME(sa_winograd_input)(d + r * side, 1, m);
      UNROLL for (int c = 0; c < side; c++) STORE(to + (r * side + c) * v_point, d[r * side + c]);
    }
  }
}

/// Pixels of the output's gradient from `dy` to points; those outside the image are 0.
SA_BODY NAME(sa_winograd_gradient_points)(
    sa_index first, sa_index last, float *e, sa_index e_point, sa_index group, sa_index group_stride, const float *dy, sa_map map,
    sa_index rows, sa_index columns, const int m) {
  const int side = m + 2;
  for (sa_index i = first; i < last; i += WIDTH) {
    VEC d[SA_WINOGRAD_MOST_POINTS];
    UNROLL for (int r = 0; r < m; r++) UNROLL for (int c = 0; c < m; c++) {
      d[r * side + c] = (VEC){0};
      if (r < rows && c < columns) d[r * side + c] = LOAD(dy + (r * map.w + c) * map.pixel_stride + i);
    }
    UNROLL for (int r = 0; r < m; r++) NAME(sa_winograd_output_gradient)(d + r * side, 1, m);
    float *to = e + i / group * group_stride + i % group;
    UNROLL for (int c = 0; c < side; c++) {
      NAME(sa_winograd_output_gradient)(d + c, side, m);
      UNROLL for (int r = 0; r < side; r++) STORE(to + (r * side + c) * e_point, d[r * side + c]);
    }
  }
}

/// The mean and squared deviations of a tile's pixels inside the image.
SA_BODY NAME(sa_winograd_tile_moments)(float *mean, float *m2, const VEC *x, const int side, sa_index rows, sa_index columns) {
  VEC sum = {0}, squares = {0};
  for (sa_index r = 0; r < rows; r++)
    for (sa_index c = 0; c < columns; c++) sum += x[r * side + c];
  VEC average = sum * (1.0f / (float)(rows * columns));
  for (sa_index r = 0; r < rows; r++)
    for (sa_index c = 0; c < columns; c++) {
      VEC d = x[r * side + c] - average;
      squares += d * d;
    }
  STORE(mean, average);
  STORE(m2, squares);
}

/// Products at `points` to pixels inside the image, from pixel `pixel` of all on, through the epilogue or as they are where it is `plain`.
/// `points`, `moments` (or NULL), `scale` and `shift` are those of channel `channel`.
SA_BODY NAME(sa_winograd_output_pixels)(
    sa_index first, sa_index last, const sa_winograd_destination *f, const float *points, sa_index point_stride, float *moments,
    sa_index channel, sa_index pixel, sa_index rows, sa_index columns, const float *scale, const float *shift, const int m,
    const bool plain) {
  const int side = m + 2;
  sa_map y = f->map, residual = f->epilogue.residual;
  for (sa_index i = first; i < last; i += WIDTH) {
    VEC x[SA_WINOGRAD_MOST_POINTS];
    UNROLL for (int p = 0; p < side * side; p++) x[p] = LOAD(points + p * point_stride + i);
    UNROLL for (int c = 0; c < side; c++) NAME(sa_winograd_output)(x + c, side, m);
    UNROLL for (int r = 0; r < m; r++) NAME(sa_winograd_output)(x + r * side, 1, m);
    if (moments) NAME(sa_winograd_tile_moments)(moments + i, moments + sa_padded(y.c) + i, x, side, rows, columns);
    UNROLL for (int r = 0; r < m; r++) UNROLL for (int c = 0; c < m; c++) {
      if (r >= rows || c >= columns) continue;
      sa_index at = pixel + r * y.w + c;
      float *to = y.data + at * y.pixel_stride + channel + i;
      VEC value = x[r * side + c];
      if (!plain) {
        value = LOAD(scale + i) * value + LOAD(shift + i);
        if (residual.data) value += LOAD(residual.data + at * residual.pixel_stride + channel + i);
        if (f->mode == SA_ACCUMULATES) value += LOAD(to);
        ACTIVATE(value, f->epilogue.activation);
      }
      STORE(to, value);
    }
  }
}
