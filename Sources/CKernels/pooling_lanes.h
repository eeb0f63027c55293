// A window's maximum, and what windows give a pixel back, for channels first ..< last, WIDTH at a time; see pooling.c.

typedef unsigned char NAME(bytes) __attribute__((vector_size(WIDTH), aligned(1)));

/// The maximum of the `taps` of a window of `size`, after the prologue where it `reads` through one; `x` is the window's tap (0, 0), and
/// all pointers are those of channel 0.
SA_BODY NAME(maximum)(
    sa_index first, sa_index last, float *y, kept_of_maximum kept, const float *x, sa_index row_stride, sa_index pixel_stride,
    tap_range taps, sa_index size, const float *scale, const float *shift, const bool reads, const sa_activation activation,
    const keeping keeps) {
  for (sa_index i = first; i < last; i += WIDTH) {
    VEC best = {0}, input = {0};
    VECI won = {0};
    bool begun = false;
    for (sa_index u = taps.top; u < taps.bottom; u++)
      for (sa_index v = taps.left; v < taps.right; v++) {
        VEC here = LOAD(x + u * row_stride + v * pixel_stride + i), value = here;
        VECI tap = (VECI){0} + (int)(u * size + v);
        if (reads) {
          value = LOAD(scale + i) * value + LOAD(shift + i);
          ACTIVATE(value, activation);
        }
        VECI better = begun ? (value > best) | (value != value) : ~(VECI){0};
        begun = true;
        best = (VEC)(((VECI)value & better) | ((VECI)best & ~better));
        if (keeps == TAP) won = (tap & better) | (won & ~better);
        if (keeps == INPUT) input = (VEC)(((VECI)here & better) | ((VECI)input & ~better));
      }
    STORE(y + i, best);
    if (keeps == TAP) *(NAME(bytes) *)(kept.tap + i) = __builtin_convertvector(won, NAME(bytes));
    if (keeps == INPUT) STORE(kept.input + i, input);
  }
}

/// A maximum's gradient goes to the winner, an average's to every tap.
SA_BODY NAME(add_windows)(
    sa_index first, sa_index last, float *dx, const containing *windows, float share, bool adds, const bool wins) {
  for (sa_index i = first; i < last; i += WIDTH) {
    VEC sum = {0};
    if (adds) sum = LOAD(dx + i);
    for (int w = 0; w < windows->count; w++) {
      VEC g = LOAD(windows->dy[w] + i);
      if (wins) {
        VECI won = __builtin_convertvector(*(const NAME(bytes) *)(windows->winner[w] + i), VECI) == windows->tap[w];
        g = (VEC)((VECI)g & won);
      } else {
        g *= share;
      }
      sum += g;
    }
    STORE(dx + i, sum);
  }
}
