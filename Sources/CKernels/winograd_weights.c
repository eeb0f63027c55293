// Weight gradient of a 3x3 stride-1 convolution, the exact transpose of the Winograd forward pass: tiles of the input go to points as
// there, tiles of the output gradient go to points by A, each point's outer products are summed over tiles, and sums come back to 3x3
// taps: dW = G^T (sum of V E^T) G.
//
// Blocking: tiles in blocks whose points stay in L3; pieces are tiles, then (point, 96 input channels), then 12 input channels; sums are
// laid out for the last step, rows an odd number of cache lines apart.
//
// One core of a Zen 4 at batch 16: ResNet-18's four shapes 254, 320, 219, 172 effective GFLOP/s, the gathered product 95-100.
#include "outer.h"
#include "winograd.h"
#include "winograd_tiles.h"

enum { ROWS = 96, BLOCK_FLOATS = 1 << 20, FEWEST_TILES = 128, OUTPUTS = 16, INPUTS = 12 };

typedef struct {
  sa_winograd_tiles tiles;
  sa_map dy;
  const sa_outer_kernels *kernels;
  float *weight_gradient;
  sa_write_mode mode;
  int m, side;
  sa_index channels, columns, columns_padded, sum_row;
  sa_index tile_total, block, v_row, v_point, e_row, e_point;
  float *v, *e, *sums;  // points [point][tile][channel], [point][tile][column]; sums [12 channels][point][channel][column]
  sa_index first_tile, tile_count;
} context;

static context make_context(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = plan.geometry;
  context f = {.kernels = sa_outer_kernels_for(plan.instruction_set), .m = plan.algorithm == SA_CONV_WINOGRAD_4 ? 4 : 2};
  f.side = f.m + 2;
  f.channels = g.input_channels;
  f.columns = g.output_channels;
  f.columns_padded = sa_ceil_div(f.columns, f.kernels->width) * f.kernels->width;
  f.sum_row = f.columns_padded + 16;
  f.tiles = (sa_winograd_tiles){.m = f.m, .pad_top = g.pad_top, .pad_left = g.pad_left, .tile_columns = sa_ceil_div(plan.output_width,
      f.m)};
  f.tiles.image_tiles = f.tiles.tile_columns * sa_ceil_div(plan.output_height, f.m);
  f.tile_total = f.tiles.image_tiles * images;
  f.v_row = sa_padded(f.channels) + 16;
  f.e_row = f.columns_padded + 16;
  sa_index most = sa_most(FEWEST_TILES, BLOCK_FLOATS / (f.side * f.side * (f.v_row + f.e_row)));
  f.block = sa_ceil_div(f.tile_total, sa_ceil_div(f.tile_total, most));
  f.v_point = (f.block * f.v_row + 31) / 16 * 16;
  f.e_point = f.block * f.e_row + 16;
  return f;
}

/// One tile of the output gradient to its points.
SA_BODY gradient_tile(float *e, const context *f, sa_index tile, const int m) {
  const int side = m + 2;
  sa_index image, row, column;
  sa_winograd_locate(m, f->tiles.tile_columns, f->tiles.image_tiles, tile, &image, &row, &column);
  sa_index rows = sa_least(m, f->dy.h - row), columns = sa_least(m, f->dy.w - column);
  for (sa_index i = 0; i < sa_padded(f->columns); i += 8) {
    sa_v8 d[SA_WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
    for (int r = 0; r < m; r++)
#pragma clang loop unroll(full)
      for (int c = 0; c < m; c++) {
        d[r * side + c] = (sa_v8){0};
        if (r < rows && c < columns) d[r * side + c] = SA_LOAD8(sa_pixel(f->dy, image, (row + r) * f->dy.w + column + c) + i);
      }
#pragma clang loop unroll(full)
    for (int r = 0; r < m; r++) sa_winograd_output_gradient(d + r * side, 1, m);
#pragma clang loop unroll(full)
    for (int c = 0; c < side; c++) {
      sa_winograd_output_gradient(d + c, side, m);
#pragma clang loop unroll(full)
      for (int r = 0; r < side; r++) SA_STORE8(e + (r * side + c) * f->e_point + i, d[r * side + c]);
    }
  }
}

SA_BODY transform_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index tile = f->first_tile + piece / 2, at = piece / 2;
  if (piece % 2 == 0) sa_winograd_input_tile(f->v + at * f->v_row, f->v_point, &f->tiles, tile);
  else if (f->m == 4) gradient_tile(f->e + at * f->e_row, f, tile, 4);
  else gradient_tile(f->e + at * f->e_row, f, tile, 2);
}
SA_THREAD_VARIANTS(transform)

/// The sums of a point and channel; six channels from a multiple of six are rows of one tile.
SA_INLINE float *sums_at(const context *f, sa_index point, sa_index channel) {
  return f->sums + ((channel / INPUTS * f->side * f->side + point) * INPUTS + channel % INPUTS) * f->sum_row;
}

/// One point, up to 96 input channels.
static void multiply_piece(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index row_pieces = sa_ceil_div(f->channels, ROWS), point = piece / row_pieces, first_row = piece % row_pieces * ROWS;
  sa_index last_row = sa_least(first_row + ROWS, f->channels), panel = f->kernels->width * f->kernels->vectors;
  for (sa_index first = 0; first < f->columns_padded; first += panel)
    for (sa_index r = first_row; r < last_row; r += SA_OUTER_ROWS) {
      sa_outer_tile tile = {
          .c = sums_at(f, point, r) + first, .c_stride = f->sum_row,
          .a = f->v + point * f->v_point + r, .a_stride = f->v_row, .b = f->e + point * f->e_point + first, .b_stride = f->e_row,
          .pixels = f->tile_count, .add_previous = f->first_tile > 0};
      sa_index width = sa_least(panel, f->columns_padded - first);
      f->kernels->function[sa_least(SA_OUTER_ROWS, last_row - r) - 1][width / f->kernels->width - 1](&tile);
    }
}

/// Sums of one input channel and eight output channels back to 3x3 taps (G transposed, twice).
SA_BODY taps_of(sa_v8 *taps, const context *f, sa_index channel, sa_index column, const int side) {
  const float(*filter)[3] = side == 6 ? sa_winograd_filter_4 : sa_winograd_filter_2;
  const float *from = sums_at(f, 0, channel) + column;
  sa_v8 half[3 * SA_WINOGRAD_MOST_SIDE];
#pragma clang loop unroll(full)
  for (int k = 0; k < side; k++)
#pragma clang loop unroll(full)
    for (int u = 0; u < 3; u++) {
      sa_v8 sum = {0};
#pragma clang loop unroll(full)
      for (int i = 0; i < side; i++)
        sum += filter[i][u] * SA_LOAD8(from + (i * side + k) * INPUTS * f->sum_row);
      half[u * side + k] = sum;
    }
#pragma clang loop unroll(full)
  for (int u = 0; u < 3; u++)
#pragma clang loop unroll(full)
    for (int v = 0; v < 3; v++) {
      sa_v8 sum = {0};
#pragma clang loop unroll(full)
      for (int k = 0; k < side; k++) sum += filter[k][v] * half[u * side + k];
      taps[u * 3 + v] = sum;
    }
}

/// 12 input channels: sums to OIHW, 16 output channels at a time.
SA_BODY finish_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index c0 = piece * INPUTS, channels = sa_least(INPUTS, f->channels - c0);
  for (sa_index first = 0; first < f->columns; first += OUTPUTS) {
    sa_index count = sa_least(OUTPUTS, f->columns - first);
    float lines[INPUTS * 9][OUTPUTS];
    for (sa_index c = 0; c < channels; c++)
      for (sa_index i = 0; i < sa_padded(count); i += 8) {
        sa_v8 taps[9];
        if (f->side == 6) taps_of(taps, f, c0 + c, first + i, 6);
        else taps_of(taps, f, c0 + c, first + i, 4);
        for (int t = 0; t < 9; t++) SA_STORE8(&lines[c * 9 + t][i], taps[t]);
      }
    for (sa_index o = 0; o < count; o++) {
      float *to = f->weight_gradient + ((first + o) * f->channels + c0) * 9;
      if (f->mode == SA_ACCUMULATES)
        for (sa_index i = 0; i < channels * 9; i++) to[i] += lines[i][o];
      else
        for (sa_index i = 0; i < channels * 9; i++) to[i] = lines[i][o];
    }
  }
}
SA_THREAD_VARIANTS(finish)

static sa_index sums_floats(const context *f) { return f->side * f->side * sa_ceil_div(f->channels, INPUTS) * INPUTS * f->sum_row; }

sa_index sa_winograd_weights_scratch_floats(sa_conv_plan plan, sa_index images) {
  context f = make_context(plan, images);
  return f.side * f.side * (f.v_point + f.e_point) + sums_floats(&f);
}

void sa_winograd_weights_run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  context f = make_context(plan, input.n);
  f.tiles.source = input;
  f.tiles.prologue = prologue;
  f.dy = output_gradient;
  f.weight_gradient = weight_gradient;
  f.mode = mode;
  f.e = scratch;
  f.sums = f.e + f.side * f.side * f.e_point;
  f.v = f.sums + sums_floats(&f);
  for (f.first_tile = 0; f.first_tile < f.tile_total; f.first_tile += f.block) {
    f.tile_count = sa_least(f.block, f.tile_total - f.first_tile);
    sa_pool_run(pool, transform(plan.instruction_set), &f, 2 * f.tile_count);
    sa_pool_run(pool, multiply_piece, &f, f.side * f.side * sa_ceil_div(f.channels, ROWS));
  }
  sa_pool_run(pool, finish(plan.instruction_set), &f, sa_ceil_div(f.channels, INPUTS));
}
