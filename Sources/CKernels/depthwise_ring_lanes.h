// The copy of a row's pixels into a ring, a template over WIDTH (wide_lanes.h).

/// Copies `count` pixels, `vectors` vectors each from lane `i`, to places `step` floats apart.
SA_BODY NAME(sa_copy_pixels)(
    const sa_ring *ring, float *to, sa_index step, const float *from, sa_index count, sa_index i, const int vectors,
    const sa_activation activation) {
  VEC scale[4], shift[4];
  UNROLL for (int v = 0; v < vectors; v++) {
    scale[v] = LOAD(ring->scale + i + v * WIDTH);
    shift[v] = LOAD(ring->shift + i + v * WIDTH);
  }
  sa_index from_step = ring->source.pixel_stride, stored_step = ring->stored_stride, stored_count = ring->stored ? ring->stored_columns : 0;
  const float *stored = ring->stored ? ring->stored + i : NULL;
  from += i;
  to += i;
  for (sa_index x = 0; x < count; x++) {
    UNROLL for (int line = 0; line < vectors * WIDTH; line += 16) {
      __builtin_prefetch(from + AHEAD * from_step + line);
      for (sa_index j = x * ring->spread; j < sa_least((x + 1) * ring->spread, stored_count); j++)
        __builtin_prefetch(stored + j * stored_step + line, 1, 2);
    }
    UNROLL for (int v = 0; v < vectors; v++) {
      VEC value = scale[v] * LOAD(from + v * WIDTH) + shift[v];
      ACTIVATE(value, activation);
      STORE(to + v * WIDTH, value);
    }
    from += from_step;
    to += step;
  }
}

/// The same of lanes `first` ..< `last`.
SA_BODY NAME(sa_copy_lanes)(
    sa_index first, sa_index last, const sa_ring *ring, float *to, sa_index step, const float *from, sa_index count,
    const sa_activation activation) {
  const int whole = SA_RING_LANES / WIDTH;
  if (last - first == SA_RING_LANES) NAME(sa_copy_pixels)(ring, to, step, from, count, first, whole, activation);
  else
    for (sa_index i = first; i < last; i += WIDTH) NAME(sa_copy_pixels)(ring, to, step, from, count, i, 1, activation);
}
