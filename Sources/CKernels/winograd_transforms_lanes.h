// Winograd's one-dimensional transforms on vectors of WIDTH values; see winograd_transforms.h. x[i * step] holds value i; the result
// replaces it.

/// Input: m + 2 values to m + 2 points (B transposed).
SA_BODY NAME(sa_winograd_input)(VEC *x, const int step, const int m) {
  VEC d0 = x[0], d1 = x[step], d2 = x[2 * step], d3 = x[3 * step];
  if (m == 2) {
    x[0] = d0 - d2;
    x[step] = d1 + d2;
    x[2 * step] = d2 - d1;
    x[3 * step] = d1 - d3;
    return;
  }
  VEC d4 = x[4 * step], d5 = x[5 * step];
  VEC even = d4 - 2 * d2, odd = SA_WINOGRAD_A * d3 - SA_WINOGRAD_B * d1;
  VEC even2 = d4 - 0.5f * d2, odd2 = SA_WINOGRAD_B * d3 - SA_WINOGRAD_A * d1;
  x[0] = d0 + d4 - 2.5f * d2;
  x[step] = even + odd;
  x[2 * step] = even - odd;
  x[3 * step] = even2 + odd2;
  x[4 * step] = even2 - odd2;
  x[5 * step] = d1 + d5 - 2.5f * d3;
}

/// Output: m + 2 points to m values (A transposed).
SA_BODY NAME(sa_winograd_output)(VEC *x, const int step, const int m) {
  VEC m0 = x[0], m1 = x[step], m2 = x[2 * step], m3 = x[3 * step];
  if (m == 2) {
    x[0] = m0 + m1 + m2;
    x[step] = m1 - m2 - m3;
    return;
  }
  VEC m4 = x[4 * step], m5 = x[5 * step];
  VEC even = m1 + m2, odd = m1 - m2, even2 = m3 + m4, odd2 = m3 - m4;
  x[0] = m0 + even + even2;
  x[step] = SA_WINOGRAD_A * odd + SA_WINOGRAD_B * odd2;
  x[2 * step] = 0.5f * even + 2 * even2;
  x[3 * step] = m5 + 0.5f * SA_WINOGRAD_A * odd + 2 * SA_WINOGRAD_B * odd2;
}

/// Output gradient: m values to m + 2 points (A).
SA_BODY NAME(sa_winograd_output_gradient)(VEC *x, const int step, const int m) {
  VEC y0 = x[0], y1 = x[step];
  if (m == 2) {
    x[step] = y0 + y1;
    x[2 * step] = y0 - y1;
    x[3 * step] = -y1;
    return;
  }
  VEC y2 = x[2 * step], y3 = x[3 * step];
  VEC even = y0 + 0.5f * y2, odd = SA_WINOGRAD_A * y1 + 0.5f * SA_WINOGRAD_A * y3;
  VEC even2 = y0 + 2 * y2, odd2 = SA_WINOGRAD_B * y1 + 2 * SA_WINOGRAD_B * y3;
  x[step] = even + odd;
  x[2 * step] = even - odd;
  x[3 * step] = even2 + odd2;
  x[4 * step] = even2 - odd2;
  x[5 * step] = y3;
}

/// Filter gradient: m + 2 points to 3 taps (G transposed).
SA_BODY NAME(sa_winograd_filter_gradient)(VEC *x, const int step, const int m) {
  VEC x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step];
  if (m == 2) {
    x[0] = x0 + 0.5f * (x1 + x2);
    x[step] = 0.5f * (x1 - x2);
    x[2 * step] = 0.5f * (x1 + x2) + x3;
    return;
  }
  VEC x4 = x[4 * step], x5 = x[5 * step];
  VEC even = 2.0f / 3 * (x1 + x2), odd = x2 - x1, even2 = 1.0f / 6 * (x3 + x4), odd2 = x3 - x4;
  x[0] = x0 - even + even2;
  x[step] = 2.0f / 3 * SA_WINOGRAD_A * odd + 1.0f / 6 * SA_WINOGRAD_B * odd2;
  x[2 * step] = x5 - 0.5f * even + 2 * even2;
}
