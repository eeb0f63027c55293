// Weight gradient of a 3x3 stride-1 convolution, the exact transpose of the Winograd forward pass: tiles of the input go to points as
// there, tiles of the output gradient go to points by A, each point's outer products are summed over tiles, and sums come back to 3x3
// taps: dW = G^T (sum of V E^T) G.
//
// Blocking: points lie in panels of 24 input channels and of the micro-kernel's output channels, so that a product reads memory in order.
// Where all tiles' points fit in L3, a piece is 24 input by 128 output channels: it sums all points into L2 and goes on to the taps.
// Otherwise tiles are taken in blocks; pieces are tiles, then (point, 96 input channels), and the taps are made at the end.
//
// One core of a Zen 4 at batch 16: ResNet-18's four shapes 250, 300, 248, 254 effective GFLOP/s, the gathered product 95-100.
#include "outer.h"
#include "winograd.h"
#include "winograd_tiles.h"

enum { ROWS = 24, COLUMNS = 128, SUM_ROW = COLUMNS + 16, PANELS_PER_PIECE = 4, FEWEST_PIECES = 6 };
enum { SHARED_FLOATS = 6 << 20, BLOCK_FLOATS = 1 << 20, FEWEST_TILES = 128 };

typedef struct {
  sa_winograd_tiles tiles;
  sa_map dy;
  const sa_outer_kernels *kernels;
  float *weight_gradient;
  sa_write_mode mode;
  int m, side;
  sa_index channels, columns, columns_padded, panel;
  sa_index row_panels, column_groups;                           // of 24 input channels, of 128 output channels
  sa_index tile_total, block, v_panel, v_point, e_panel, e_point;  // points [point][panel][tile][channel]
  bool whole;                                                   // one block
  float *v, *e, *sums;  // sums [24 input channels][128 output channels][point][input channel][output channel], or a thread's one
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
  sa_index column_panels = sa_ceil_div(f.columns_padded, f.panel);
  sa_index tile_floats = f.side * f.side * (f.row_panels * ROWS + column_panels * f.panel);
  f.whole = f.tile_total * tile_floats <= SHARED_FLOATS && f.row_panels * f.column_groups >= FEWEST_PIECES;
  sa_index most = f.whole ? f.tile_total : sa_most(FEWEST_TILES, BLOCK_FLOATS / tile_floats);
  f.block = sa_ceil_div(f.tile_total, sa_ceil_div(f.tile_total, most));
  f.v_panel = f.block * ROWS;
  f.v_point = sa_ceil_div(f.row_panels * f.v_panel, 32) * 32 + 16;  // an odd number of cache lines
  f.e_panel = f.block * f.panel;
  f.e_point = sa_ceil_div(column_panels * f.e_panel, 32) * 32 + 16;
  f.tiles.group_stride = f.v_panel;
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
    float *to = e + i / f->panel * f->e_panel + i % f->panel;
#pragma clang loop unroll(full)
    for (int c = 0; c < side; c++) {
      sa_winograd_output_gradient(d + c, side, m);
#pragma clang loop unroll(full)
      for (int r = 0; r < side; r++) SA_STORE8(to + (r * side + c) * f->e_point, d[r * side + c]);
    }
  }
}

SA_BODY transform_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index tile = f->first_tile + piece / 2, at = piece / 2;
  if (piece % 2 == 0) sa_winograd_input_tile(f->v + at * ROWS, f->v_point, &f->tiles, tile);
  else if (f->m == 4) gradient_tile(f->e + at * f->panel, f, tile, 4);
  else gradient_tile(f->e + at * f->panel, f, tile, 2);
}
SA_THREAD_VARIANTS(transform)

static sa_index sum_floats(const context *f) { return f->side * f->side * ROWS * SUM_ROW; }

/// One point of 24 input by 128 output channels.
static void multiply(float *sums, const context *f, sa_index point, sa_index row_panel, sa_index column_group) {
  sa_index rows = sa_least(ROWS, f->channels - row_panel * ROWS), last = sa_least((column_group + 1) * COLUMNS, f->columns_padded);
  for (sa_index first = column_group * COLUMNS; first < last; first += f->panel)
    for (sa_index r = 0; r < rows; r += SA_OUTER_ROWS) {
      sa_index width = sa_least(f->panel, last - first);
      sa_outer_tile tile = {
          .c = sums + (point * ROWS + r) * SUM_ROW + first - column_group * COLUMNS, .c_stride = SUM_ROW,
          .a = f->v + point * f->v_point + row_panel * f->v_panel + r, .a_stride = ROWS,
          .b = f->e + point * f->e_point + first / f->panel * f->e_panel, .b_stride = f->panel,
          .pixels = f->tile_count, .add_previous = f->first_tile > 0};
      f->kernels->function[sa_least(SA_OUTER_ROWS, rows - r) - 1][width / f->kernels->width - 1](&tile);
    }
}

/// Sums of one input channel and eight output channels back to 3x3 taps.
SA_BODY taps_of(sa_v8 *taps, const float *from, const int m) {
  const int side = m + 2;
  sa_v8 x[SA_WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
  for (int p = 0; p < side * side; p++) x[p] = SA_LOAD8(from + p * ROWS * SUM_ROW);
#pragma clang loop unroll(full)
  for (int k = 0; k < side; k++) sa_winograd_filter_gradient(x + k, side, m);
#pragma clang loop unroll(full)
  for (int u = 0; u < 3; u++) {
    sa_winograd_filter_gradient(x + u * side, 1, m);
#pragma clang loop unroll(full)
    for (int v = 0; v < 3; v++) taps[u * 3 + v] = x[u * side + v];
  }
}

/// 24 input by 128 output channels to OIHW.
SA_BODY to_taps(const float *sums, const context *f, sa_index row_panel, sa_index column_group) {
  sa_index rows = sa_least(ROWS, f->channels - row_panel * ROWS), first = column_group * COLUMNS, length = rows * 9;
  for (sa_index o = first; o < sa_least(first + COLUMNS, f->columns); o += 8) {
    sa_v8 lines[ROWS * 9];
    for (sa_index c = 0; c < rows; c++) {
      const float *from = sums + c * SUM_ROW + o - first;
      if (f->m == 4) taps_of(lines + c * 9, from, 4);
      else taps_of(lines + c * 9, from, 2);
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

/// Everything after the transforms, for 24 input by 128 output channels.
SA_BODY whole_body(void *argument, sa_index piece, int thread) {
  const context *f = argument;
  float *sums = f->sums + thread * sum_floats(f);
  sa_index row_panel = piece % f->row_panels, column_group = piece / f->row_panels;
  for (sa_index point = 0; point < f->side * f->side; point++) multiply(sums, f, point, row_panel, column_group);
  to_taps(sums, f, row_panel, column_group);
}
SA_THREAD_VARIANTS(whole)

static float *sums_at(const context *f, sa_index row_panel, sa_index column_group) {
  return f->sums + (column_group * f->row_panels + row_panel) * sum_floats(f);
}

/// One point, up to 96 input channels.
static void multiply_piece(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index pieces = sa_ceil_div(f->row_panels, PANELS_PER_PIECE), point = piece / pieces, first = piece % pieces * PANELS_PER_PIECE;
  for (sa_index group = 0; group < f->column_groups; group++)
    for (sa_index panel = first; panel < sa_least(first + PANELS_PER_PIECE, f->row_panels); panel++)
      multiply(sums_at(f, panel, group), f, point, panel, group);
}

SA_BODY finish_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index row_panel = piece % f->row_panels, column_group = piece / f->row_panels;
  to_taps(sums_at(f, row_panel, column_group), f, row_panel, column_group);
}
SA_THREAD_VARIANTS(finish)

sa_index sa_winograd_weights_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan, images);
  return f.side * f.side * (f.v_point + f.e_point) + sum_floats(&f) * (f.whole ? threads : f.row_panels * f.column_groups);
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
  f.sums = f.v + f.side * f.side * f.v_point;
  for (sa_index first = 0; first < f.tile_total; first += f.block) {
    f.first_tile = first;
    f.tile_count = sa_least(f.block, f.tile_total - f.first_tile);
    sa_pool_run(pool, transform(plan.instruction_set), &f, 2 * f.tile_count);
    if (!f.whole) sa_pool_run(pool, multiply_piece, &f, f.side * f.side * sa_ceil_div(f.row_panels, PANELS_PER_PIECE));
  }
  sa_pool_run(pool, f.whole ? whole(plan.instruction_set) : finish(plan.instruction_set), &f, f.row_panels * f.column_groups);
}
