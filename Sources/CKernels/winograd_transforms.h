// Winograd's one-dimensional transforms for 3-tap filters, `m` outputs come from m + 2 inputs. Interpolation points: 0, 1, -1, infinity for
// m = 2; 0, ±a, ±b, infinity for m = 4 with a = 1/sqrt(2), b = sqrt(2), whose rounding error is a third of that of 0, ±1, ±2.
// Two-dimensional ones apply them to columns, then rows.
#ifndef SA_WINOGRAD_TRANSFORMS_H
#define SA_WINOGRAD_TRANSFORMS_H
#include <stdbool.h>

#include "wide_lanes.h"

#define SA_WINOGRAD_A 0.70710678118654752f
#define SA_WINOGRAD_B 1.41421356237309505f

enum { SA_WINOGRAD_MOST_SIDE = 6, SA_WINOGRAD_MOST_POINTS = 36 };

#define WIDTH 8
#include "winograd_transforms_lanes.h"
#undef WIDTH
#define WIDTH 16
#include "winograd_transforms_lanes.h"
#undef WIDTH

/// Filter: 3 taps to m + 2 points (G), rows of G.
static const float sa_winograd_filter_2[4][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};
static const float sa_winograd_filter_4[6][3] = {
    {1, 0, 0},
    {-2.0f / 3, -2.0f / 3 * SA_WINOGRAD_A, -1.0f / 3},
    {-2.0f / 3, 2.0f / 3 * SA_WINOGRAD_A, -1.0f / 3},
    {1.0f / 6, 1.0f / 6 * SA_WINOGRAD_B, 1.0f / 3},
    {1.0f / 6, -1.0f / 6 * SA_WINOGRAD_B, 1.0f / 3},
    {0, 0, 1}};
#endif
