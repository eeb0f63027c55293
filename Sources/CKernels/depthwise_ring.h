// The rows of an image that a band of depthwise windows reads, 32 channels at a time: each row is copied once, through the prologue, with
// zeros around it, so that the loops over windows know no borders.
#ifndef SA_DEPTHWISE_RING_H
#define SA_DEPTHWISE_RING_H
#include "wide_lanes.h"

enum { SA_RING_LANES = 32, SA_RING_MOST_ROWS = 32, SA_BAND_PIXELS = 1024, AHEAD = 16 };

typedef struct sa_ring {
  sa_map source;
  sa_activation activation;
  sa_index image, first, lanes;  // channels first ..< first + lanes (a multiple of 8)
  sa_index slots, columns;       // rows kept; columns of a row
  sa_index start, spread;        // column x holds source column (x + start) / spread where that divides, else 0
  sa_index held[SA_RING_MOST_ROWS];
  float scale[SA_RING_LANES], shift[SA_RING_LANES];
  float *rows;
  // Pixels that are stored next, fetched while a row is copied; NULL where there are none.
  float *stored;
  sa_index stored_stride, stored_columns;
} sa_ring;

#define WIDTH 16
#include "depthwise_ring_lanes.h"
#undef WIDTH
#define WIDTH 8
#include "depthwise_ring_lanes.h"
#undef WIDTH

/// Writes the zeros too: rows are copied between them.
SA_BODY sa_ring_begin(sa_ring *ring, sa_affine affine, sa_index image, sa_index first) {
  ring->image = image;
  ring->first = first;
  ring->lanes = sa_least(SA_RING_LANES, sa_padded(ring->source.c) - first);
  sa_gather_affine(ring->scale, ring->shift, affine, image, first, ring->lanes, ring->source.c);
  for (sa_index slot = 0; slot < ring->slots; slot++) ring->held[slot] = -1;
  for (sa_index x = 0; x < ring->columns; x++) {
    sa_index position = x + ring->start;
    if (position >= 0 && position % ring->spread == 0 && position / ring->spread < ring->source.w) continue;
    for (sa_index slot = 0; slot < ring->slots; slot++)
      for (sa_index i = 0; i < SA_RING_LANES; i += 8) SA_STORE8(ring->rows + (slot * ring->columns + x) * SA_RING_LANES + i, (sa_v8){0});
  }
}

SA_BODY sa_ring_copy(const sa_ring *ring, float *copy, sa_index row, const int lanes, const sa_activation activation) {
  sa_index column = sa_most(0, sa_ceil_div(ring->start, ring->spread));
  sa_index count = sa_least(ring->source.w, sa_ceil_div(ring->columns + ring->start, ring->spread)) - column;
  float *to = copy + (column * ring->spread - ring->start) * SA_RING_LANES;
  const float *from = sa_pixel(ring->source, ring->image, row * ring->source.w + column) + ring->first;
  SA_IN_VECTORS(sa_copy_lanes, lanes, ring->lanes, ring, to, ring->spread * SA_RING_LANES, from, count, activation);
}

/// The copy of source row `row` (inside the image), [columns][32], made in vectors of `lanes`.
SA_INLINE const float *sa_ring_row(sa_ring *ring, sa_index row, const int lanes) {
  sa_index slot = row % ring->slots;
  float *copy = ring->rows + slot * ring->columns * SA_RING_LANES;
  if (ring->held[slot] == row) return copy;
  ring->held[slot] = row;
  switch (ring->activation) {
    case SA_RELU: sa_ring_copy(ring, copy, row, lanes, SA_RELU); break;
    case SA_RELU6: sa_ring_copy(ring, copy, row, lanes, SA_RELU6); break;
    default: sa_ring_copy(ring, copy, row, lanes, SA_NO_ACTIVATION); break;
  }
  ring->stored = NULL;
  return copy;
}

/// Rows of a band: about 1024 pixels.
static inline sa_index sa_band_rows(sa_index width) { return sa_most(1, SA_BAND_PIXELS / sa_most(1, width)); }
#endif
