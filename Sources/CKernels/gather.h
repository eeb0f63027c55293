// A convolution seen as a matrix product on gathered pixels, for output and for input gradient alike.
//
// The destination's pixels fall into phases: pixels (row_phase + i * phases, column_phase + j * phases) for all i, j. Within a phase each
// pixel reads the same taps: source pixel (i * step + row_offset, j * step + column_offset). Forward has one phase and step = stride;
// backward data has stride x stride phases and step 1. A tap that lies outside the image for every pixel is left out, with its weights: of
// a 3x3 kernel on a map of one pixel, eight of nine.
#ifndef SA_GATHER_H
#define SA_GATHER_H
#include "convolution_internal.h"
#include "gemm.h"

enum { SA_MOST_TAPS = 256, SA_MOST_ZEROS = 16384, SA_BLOCK_ROWS = 60, SA_BLOCK_DEPTH = 512 };

typedef struct sa_tap {
  sa_index kernel_row, kernel_column;
  sa_index row_offset, column_offset;
} sa_tap;

typedef struct sa_phase {
  sa_index row_phase, column_phase;
  sa_index height, width;  // pixels of this phase
  sa_index tap_count;
  sa_index packed_offset;  // floats, for group 0
  sa_tap taps[SA_MOST_TAPS];
} sa_phase;

typedef struct sa_gather {
  sa_conv_geometry geometry;
  bool backward;
  sa_index phases;  // along each axis
  sa_index step;
  sa_index source_channels, columns;  // per group
  sa_index source_height, source_width, height, width;
} sa_gather;

sa_gather sa_gather_make(sa_conv_plan plan);
/// Phase `index` (0 ..< phases * phases) with its place in the packed weights, where a tap of one group has `padded_columns` columns.
void sa_gather_phase(sa_phase *phase, const sa_gather *gather, sa_index index, sa_index padded_columns);
bool sa_gather_fits(sa_conv_geometry geometry);
#endif
