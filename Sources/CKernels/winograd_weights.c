// Weight gradient of a 3x3 stride-1 convolution, the exact transpose of the Winograd forward pass: tiles of the input go to points as
// there, tiles of the output gradient go to points by A, each point's outer products are summed over tiles, and sums come back to 3x3
// taps: dW = G^T (sum of V E^T) G.
//
// Blocking: points lie in panels of 48 input channels and of the micro-kernel's output channels, so that a product reads memory in order.
// Where there are many tiles for few channels, a piece is a slice of the tiles: it transforms them and sums products by itself, so that no
// core reads points another one wrote; slices' sums are added on the way to the taps. Otherwise all points are made first, and a piece is
// 48 input by 64 output channels of the sum, kept in L2. How a sum is cut depends on the shape and the batch alone.
//
// Zen 4 at batch 16, maps not in cache: ResNet-18's four shapes 245, 300, 265, 265 effective GFLOP/s on one core, 450, 568, 465, 408 on two
// (297, 407, 437, 418 when all shapes shared their points); the gathered product 95-100 on one. Emerald Rapids, one core, one run:
// 268, 350, 251, 286; with larger blocks of tiles and nothing fetched ahead 1.31, 1.16, 1.29, 1.33 times as long.
#include "outer.h"
#include "winograd.h"
#include "winograd_tiles.h"

enum { ROWS = 48, COLUMNS = 64, RUN = 8, FINISHED = 32 };
enum { MOST_SLICES = 8, BLOCK_FLOATS = 1 << 18, FEWEST_TILES = 64, FEWEST_SLICE_TILES = 32 };

typedef struct {
  sa_winograd_tiles tiles;
  sa_map dy;
  const sa_outer_kernels *kernels;
  float *weight_gradient;
  sa_write_mode mode;
  int m, side;
  sa_index channels, columns, columns_padded, panel;
  sa_index row_panels, column_groups;                           // of 48 input channels, of 64 output channels
  sa_index tile_total, block, v_panel, v_point, e_panel, e_point, sum_row;
  bool whole;                                                   // all tiles are one block
  sa_index slices, slice;                                       // runs of tiles with sums of their own; tiles in one
  float *v, *e;  // points [point][panel][tile][channel]
  float *sums;   // [slice][group][panel][point][input channel][output channel], or a thread's one
  sa_index first_tile, tile_count;
} context;

static context make_context(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = plan.geometry;
  context f = {.kernels = sa_outer_kernels_for(plan.instruction_set), .m = plan.algorithm == SA_CONV_WINOGRAD_4 ? 4 : 2};
  f.side = f.m + 2;
  f.channels = g.input_channels;
  f.columns = g.output_channels;
  f.columns_padded = sa_ceil_div(f.columns, f.kernels->width) * f.kernels->width;
  f.panel = sa_least(f.kernels->width * f.kernels->vectors, f.columns_padded);
  f.row_panels = sa_ceil_div(f.channels, ROWS);
  f.column_groups = sa_ceil_div(f.columns_padded, COLUMNS);
  f.tiles = (sa_winograd_tiles){.m = f.m, .pad_top = g.pad_top, .pad_left = g.pad_left, .group = ROWS};
  f.tiles.tile_columns = sa_ceil_div(plan.output_width, f.m);
  f.tiles.image_tiles = f.tiles.tile_columns * sa_ceil_div(plan.output_height, f.m);
  f.tile_total = f.tiles.image_tiles * images;
  sa_index tile_floats = f.side * f.side * (sa_padded(f.channels) + f.columns_padded);
  f.sum_row = sa_least(COLUMNS, f.columns_padded) + 16;
  // Slices' sums, written and read, should cost less than half of what reading points from another core does.
  sa_index sums = f.side * f.side * f.row_panels * ROWS * f.columns_padded;
  f.slices = sa_least(sa_least(MOST_SLICES, f.tile_total / FEWEST_SLICE_TILES), f.tile_total * tile_floats * 5 / (sums * 12));
  f.whole = f.slices < 2;
  f.slices = f.whole ? 1 : f.slices;
  f.slice = sa_ceil_div(f.tile_total, f.slices);
  f.slices = sa_ceil_div(f.tile_total, f.slice);
  sa_index most = f.whole ? f.tile_total : sa_most(FEWEST_TILES, BLOCK_FLOATS / tile_floats);
  f.block = sa_ceil_div(f.slice, sa_ceil_div(f.slice, most));
  f.v_panel = f.block * ROWS;
  f.e_panel = f.block * f.panel;
  f.v_point = (sa_ceil_div(f.row_panels * f.v_panel, 16) | 1) * 16;  // an odd number of cache lines
  f.e_point = (sa_ceil_div(sa_ceil_div(f.columns_padded, f.panel) * f.e_panel, 16) | 1) * 16;
  f.tiles.group_stride = f.v_panel;
  return f;
}

/// One tile of the output gradient to its points.
SA_BODY gradient_tile(float *e, const context *f, sa_index tile, const int m, const int lanes) {
  sa_index image, row, column;
  sa_winograd_locate(m, f->tiles.tile_columns, f->tiles.image_tiles, tile, &image, &row, &column);
  sa_index rows = sa_least(m, f->dy.h - row), columns = sa_least(m, f->dy.w - column);
  const float *dy = sa_pixel(f->dy, image, row * f->dy.w + column);
  SA_IN_VECTORS(
      sa_winograd_gradient_points, lanes, sa_padded(f->columns), e, f->e_point, f->panel, f->e_panel, dy, f->dy, rows, columns, m);
}

/// Tiles first ..< last of the block at hand: input where `inputs`, output gradient where `gradients`.
SA_BODY transform_tiles(const context *f, sa_index first, sa_index last, const bool inputs, const bool gradients,
    const int lanes) {
  for (sa_index at = first; at < last; at++) {
    sa_index tile = f->first_tile + at;
    if (inputs) sa_winograd_input_tile(f->v + at * ROWS, f->v_point, &f->tiles, tile, lanes);
    if (gradients && f->m == 4) gradient_tile(f->e + at * f->panel, f, tile, 4, lanes);
    if (gradients && f->m == 2) gradient_tile(f->e + at * f->panel, f, tile, 2, lanes);
  }
}

SA_BODY transform_body(void *argument, sa_index piece, int thread, const int lanes) {
  (void)thread;
  const context *f = argument;
  sa_index first = piece / 2 * RUN, last = sa_least(first + RUN, f->tile_count);
  if (piece % 2 == 0) transform_tiles(f, first, last, true, false, lanes);
  else transform_tiles(f, first, last, false, true, lanes);
}
SA_WIDTH_VARIANTS(transform)

static sa_index sum_floats(const context *f) { return f->side * f->side * ROWS * f->sum_row; }
static sa_index slice_floats(const context *f) { return sum_floats(f) * f->row_panels * f->column_groups; }
static sa_index block_floats(const context *f) { return f->side * f->side * (f->v_point + f->e_point); }

/// One point of 48 input by 64 output channels; the next point's are fetched meanwhile.
static void multiply(float *sums, const context *f, sa_index point, sa_index row_panel, sa_index column_group, bool adds) {
  sa_index rows = sa_least(ROWS, f->channels - row_panel * ROWS), last = sa_least((column_group + 1) * COLUMNS, f->columns_padded);
  const float *v = f->v + point * f->v_point + row_panel * f->v_panel;
  for (sa_index first = column_group * COLUMNS; first < last; first += f->panel) {
    sa_index width = sa_least(f->panel, last - first), e_parts = width / 16;
    const float *e = f->e + point * f->e_point + first / f->panel * f->e_panel;
    for (sa_index r = 0; r < rows; r += SA_OUTER_ROWS) {
      sa_index part = r / SA_OUTER_ROWS, v_part = part - e_parts;
      const float *ahead = v_part < 0 ? e + f->e_point + part * f->tile_count * 16
          : v_part < ROWS / 16 ? v + f->v_point + v_part * f->tile_count * 16 : NULL;
      sa_outer_tile tile = {
          .c = sums + (point * ROWS + r) * f->sum_row + first - column_group * COLUMNS, .c_stride = f->sum_row, .a = v + r,
          .a_stride = ROWS, .b = e, .b_stride = f->panel, .pixels = f->tile_count, .ahead = ahead,
          .ahead_stride = ahead ? 16 : 0, .add_previous = adds};
      f->kernels->function[sa_least(SA_OUTER_ROWS, rows - r) - 1][width / f->kernels->width - 1](&tile);
    }
  }
}

/// Sums of one input channel and eight output channels back to 3x3 taps.
SA_BODY taps_of(sa_v8 *taps, const float *from, const context *f, const int m) {
  const int side = m + 2;
  sa_v8 x[SA_WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
  for (int p = 0; p < side * side; p++) x[p] = SA_LOAD8(from + p * ROWS * f->sum_row);
  for (sa_index slice = 1; slice < f->slices; slice++)
#pragma clang loop unroll(full)
    for (int p = 0; p < side * side; p++) x[p] += SA_LOAD8(from + slice * slice_floats(f) + p * ROWS * f->sum_row);
#pragma clang loop unroll(full)
  for (int k = 0; k < side; k++) sa_winograd_filter_gradient_8(x + k, side, m);
#pragma clang loop unroll(full)
  for (int u = 0; u < 3; u++) {
    sa_winograd_filter_gradient_8(x + u * side, 1, m);
#pragma clang loop unroll(full)
    for (int v = 0; v < 3; v++) taps[u * 3 + v] = x[u * side + v];
  }
}

/// 48 input by `count` of 64 output channels to OIHW, from `start` of them on.
SA_BODY to_taps(const float *sums, const context *f, sa_index row_panel, sa_index column_group, sa_index start, sa_index count) {
  sa_index rows = sa_least(ROWS, f->channels - row_panel * ROWS), first = column_group * COLUMNS, length = rows * 9;
  for (sa_index o = first + start; o < sa_least(first + start + count, f->columns); o += 8) {
    sa_v8 lines[ROWS * 9];
    for (sa_index c = 0; c < rows; c++) {
      const float *from = sums + c * f->sum_row + o - first;
      if (f->m == 4) taps_of(lines + c * 9, from, f, 4);
      else taps_of(lines + c * 9, from, f, 2);
    }
    sa_index outputs = sa_least(8, f->columns - o);
    float *to = f->weight_gradient + (o * f->channels + row_panel * ROWS) * 9;
    sa_index i = 0;
    for (; outputs == 8 && i + 8 <= length; i += 8) {
      sa_transpose8(lines + i);
#pragma clang loop unroll(full)
      for (int j = 0; j < 8; j++) {
        float *at = to + j * f->channels * 9 + i;
        SA_STORE8(at, f->mode == SA_ACCUMULATES ? SA_LOAD8(at) + lines[i + j] : lines[i + j]);
      }
    }
    for (; i < length; i++)
      for (sa_index j = 0; j < outputs; j++) {
        float *at = to + j * f->channels * 9 + i;
        *at = f->mode == SA_ACCUMULATES ? *at + lines[i][j] : lines[i][j];
      }
  }
}

/// Everything after the transforms, for 48 input by 64 output channels.
SA_BODY whole_body(void *argument, sa_index piece, int thread) {
  const context *f = argument;
  float *sums = f->sums + thread * sum_floats(f);
  sa_index row_panel = piece % f->row_panels, column_group = piece / f->row_panels;
  for (sa_index point = 0; point < f->side * f->side; point++) multiply(sums, f, point, row_panel, column_group, false);
  to_taps(sums, f, row_panel, column_group, 0, COLUMNS);
}
SA_THREAD_VARIANTS(whole)

static float *sums_at(const context *f, sa_index row_panel, sa_index column_group) {
  return f->sums + (column_group * f->row_panels + row_panel) * sum_floats(f);
}

/// One slice: its tiles' points, in blocks of a thread's own, summed.
SA_BODY slice_body(void *argument, sa_index slice, int thread, const int lanes) {
  context own = *(const context *)argument, *f = &own;
  sa_index first = slice * f->slice, last = sa_least(first + f->slice, f->tile_total);
  f->e += thread * block_floats(f);
  f->v += thread * block_floats(f);
  f->sums += slice * slice_floats(f);
  for (f->first_tile = first; f->first_tile < last; f->first_tile += f->block) {
    f->tile_count = sa_least(f->block, last - f->first_tile);
    transform_tiles(f, 0, f->tile_count, true, true, lanes);
    for (sa_index point = 0; point < f->side * f->side; point++)
      for (sa_index group = 0; group < f->column_groups; group++)
        for (sa_index panel = 0; panel < f->row_panels; panel++)
          multiply(sums_at(f, panel, group), f, point, panel, group, f->first_tile > first);
  }
}
SA_WIDTH_VARIANTS(slice)

SA_BODY finish_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index parts = COLUMNS / FINISHED, part = piece % parts;
  sa_index row_panel = piece / parts % f->row_panels, group = piece / parts / f->row_panels;
  to_taps(sums_at(f, row_panel, group), f, row_panel, group, part * FINISHED, FINISHED);
}
SA_THREAD_VARIANTS(finish)

sa_index sa_winograd_weights_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan, images);
  if (f.whole) return block_floats(&f) + sum_floats(&f) * threads;
  return block_floats(&f) * threads + slice_floats(&f) * f.slices;
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
  f.v = f.e + f.side * f.side * f.e_point;
  f.sums = scratch + block_floats(&f) * (f.whole ? 1 : sa_pool_threads(pool));
  f.tile_count = f.tile_total;
  sa_index pieces = f.row_panels * f.column_groups;
  if (f.whole) {
    sa_pool_run(pool, transform(plan.instruction_set), &f, 2 * sa_ceil_div(f.tile_total, RUN));
    sa_pool_run(pool, whole(plan.instruction_set), &f, pieces);
  } else {
    sa_pool_run(pool, slice(plan.instruction_set), &f, f.slices);
    sa_pool_run(pool, finish(plan.instruction_set), &f, pieces * (COLUMNS / FINISHED));
  }
}
