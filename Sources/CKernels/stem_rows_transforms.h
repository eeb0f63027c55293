// One-dimensional minimal filtering with stride 2 and 7 taps: even input rows meet taps 0, 2, 4, 6 and odd ones taps 1, 3, 5, each a
// stride-1 filter. With the same interpolation points 0, ±a, ±b, infinity and, for the even rows, c, both kinds of products of a point
// add up before they go back to 4 output rows: 13 products where the definition has 28.
//
// a = 1/2, b = 5/4, c = 4: of a grid of points those with the least error in float32, 3e-7 of the result's root mean square.
#ifndef SA_STEM_ROWS_TRANSFORMS_H
#define SA_STEM_ROWS_TRANSFORMS_H
#include "lanes.h"

enum {
  SA_STEM_OUTPUTS = 4,
  SA_STEM_POINTS = 7,  // 0, a, -a, b, -b, infinity, c; the odd rows have the first six
  SA_STEM_ODD_POINTS = 6,
  SA_STEM_PRODUCTS = 13,
  SA_STEM_INPUTS = 13,
};
#define SA_STEM_A 0.5f
#define SA_STEM_B 1.25f
#define SA_STEM_C 4.0f

static const float sa_stem_even_input[7][7] = {
    {-1.5625f, 0.390625f, 7.25f, -1.8125f, -4, 1, 0}, {0, 3.125f, 5.46875f, -3.5625f, -3.5f, 1, 0},
    {0, -3.125f, 7.03125f, 0.4375f, -4.5f, 1, 0},     {0, 1.25f, 0.6875f, -5.25f, -2.75f, 1, 0},
    {0, -1.25f, 1.3125f, 4.75f, -5.25f, 1, 0},        {0, -1.5625f, 0.390625f, 7.25f, -1.8125f, -4, 1},
    {0, 0.390625f, 0, -1.8125f, 0, 1, 0}};
static const float sa_stem_odd_input[6][6] = {{0.390625f, 0, -1.8125f, 0, 1, 0}, {0, -0.78125f, -1.5625f, 0.5f, 1, 0},
    {0, 0.78125f, -1.5625f, -0.5f, 1, 0}, {0, -0.3125f, -0.25f, 1.25f, 1, 0}, {0, 0.3125f, -0.25f, -1.25f, 1, 0},
    {0, 0.390625f, 0, -1.8125f, 0, 1}};

/// Row p of the filter transform is (1, p, p^2, ...) over these; that of infinity is the last tap.
static const float sa_stem_points[7] = {0, SA_STEM_A, -SA_STEM_A, SA_STEM_B, -SA_STEM_B, 0, SA_STEM_C};
static const double sa_stem_even_divisors[7] = {
    -25.0 / 16, 147.0 / 64, 189.0 / 64, -5775.0 / 512, -11025.0 / 512, 1, 14553.0 / 16};
static const double sa_stem_odd_divisors[6] = {25.0 / 64, -21.0 / 32, -21.0 / 32, 525.0 / 128, 525.0 / 128, 1};

/// Coefficient of tap `tap` of `taps` at a point.
static inline float sa_stem_filter(int point, int tap, int taps) {
  if (point == 5) return tap == taps - 1;
  double power = 1;
  for (int i = 0; i < tap; i++) power *= (double)sa_stem_points[point];
  return (float)(power / (taps == 4 ? sa_stem_even_divisors : sa_stem_odd_divisors)[point]);
}

/// Seven points to four outputs, in x[0 ..< 4].
SA_BODY sa_stem_output(sa_v8 *x) {
  const float a = SA_STEM_A, b = SA_STEM_B, c = SA_STEM_C;
  sa_v8 even = x[1] + x[2], odd = x[1] - x[2], even2 = x[3] + x[4], odd2 = x[3] - x[4], far = x[6];
  x[0] = x[0] + even + even2 + far;
  x[3] = x[5] + a * a * a * odd + b * b * b * odd2 + c * c * c * far;
  x[1] = a * odd + b * odd2 + c * far;
  x[2] = a * a * even + b * b * even2 + c * c * far;
}

/// Its transpose: four output gradients to seven points.
SA_BODY sa_stem_output_gradient(sa_v8 *x) {
  const float a = SA_STEM_A, b = SA_STEM_B, c = SA_STEM_C;
  sa_v8 y0 = x[0], y1 = x[1], y2 = x[2], y3 = x[3];
  sa_v8 even = y0 + a * a * y2, odd = a * y1 + a * a * a * y3, even2 = y0 + b * b * y2, odd2 = b * y1 + b * b * b * y3;
  x[1] = even + odd;
  x[2] = even - odd;
  x[3] = even2 + odd2;
  x[4] = even2 - odd2;
  x[5] = y3;
  x[6] = y0 + c * y1 + c * c * y2 + c * c * c * y3;
}
#endif
