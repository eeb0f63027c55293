// Winograd convolution: input tiles of (m+2)^2 pixels are transformed to (m+2)^2 points, each point is one matrix product [tiles,
// channels] x [channels, columns], and products are transformed back to m^2 pixels.
//
// Blocking: tiles are taken in blocks whose points stay in L2, each piece doing all three steps and fetching what it touches next, weights
// included. Weights too large for L2 are read once per larger block, by the one core that made its points. Where even that is too often,
// or blocks too few, the steps run one after the other over blocks in L3, divided by tile, by (point, columns), by tile. Either way a
// pixel's arithmetic is the same.
//
// Zen 4 at batch 16, maps not in cache: ResNet-18's four shapes 325, 353, 300, 305 effective GFLOP/s on one core, 620, 725, 565, 560 on
// two; the gathered product 105-112 on one. Emerald Rapids, one core, one run:
// 394, 358, 384, 367; before 16 lanes at a time and fetching inside the micro-kernel 1.06, 1.00, 1.11, 1.21 times as long.
#include "winograd.h"

#include <math.h>

#include "block_moments.h"
#include "fetching.h"
#include "gemm.h"
#include "winograd_tiles.h"

enum { LARGE_WEIGHTS = 700000, BLOCK_FLOATS = 100000, TILE_STEP = 12, FEWEST_BLOCKS = 4, MOST_RUN = 8, WANTED_PIECES = 32 };
enum { TINY_PIXELS = 36, STREAMED_WEIGHTS = 128 * 128 };
enum { SHARED_WEIGHTS = 1 << 22, SLICE_TILES = 32, FEWEST_SLICES = 4 };
enum { SHARED_FLOATS = 1 << 20, FEWEST_SHARED_TILES = 36, DEPTH = 512, PANELS_PER_PIECE = 4 };

typedef struct {
  sa_winograd_destination output;
  sa_map source;
  const float *packed;
  sa_prologue prologue;
  const sa_gemm_kernels *kernels;
  int m, side;
  sa_index channels, columns, columns_padded, panels;
  sa_index pad_top, pad_left;
  sa_index tile_columns, image_tiles, tiles;
  bool staged;
  sa_index block, blocks, run;     // tiles per block; blocks per piece, unless staged
  sa_index v_row, v_point, p_row, p_point;  // strides of transformed input [point][tile][channel] and products [point][tile][column]
  sa_index first_tile, tile_count;          // of the block at hand, when staged
  float *scratch;
  float *partial_moments;  // [tile][mean, m2][padded columns]
} context;

bool sa_winograd_fits(sa_conv_geometry g) {
  return g.kernel_height == 3 && g.kernel_width == 3 && g.stride == 1 && g.dilation == 1 && g.groups == 1;
}

/// The last step that isn't more than `value`.
static sa_index step_of(const sa_index *steps, sa_index count, sa_index value) {
  sa_index step = 0;
  while (step + 1 < count && steps[step + 1] <= value) step++;
  return step;
}

sa_conv_algorithm sa_winograd_choice(sa_conv_geometry g, sa_conv_purpose purpose) {
  sa_index height = purpose == SA_CONV_BACKWARD_DATA ? g.input_height : sa_conv_output_height(g);
  sa_index width = purpose == SA_CONV_BACKWARD_DATA ? g.input_width : sa_conv_output_width(g);
  if (!sa_winograd_fits(g) || sa_least(g.input_channels, g.output_channels) < 8) return SA_CONV_GEMM;
  sa_index side = step_of(sa_winograd_sides, SA_WINOGRAD_SIDES, (sa_index)sqrt((double)(height * width)));
  sa_index inputs = step_of(sa_winograd_channels, SA_WINOGRAD_WIDTHS, g.input_channels);
  sa_index outputs = step_of(sa_winograd_channels, SA_WINOGRAD_WIDTHS, g.output_channels);
  char choice = sa_winograd_table[purpose][side][inputs][outputs];
  // The table is of batches. An image alone on a tiny map waits for weights from memory, of which F(4x4) has 36 floats where F(2x2) has 16;
  // an image's bits mustn't depend on its batch, so one algorithm serves both. 3x3, 512 channels, cold weights, two threads: 1.1 -> 0.53 ms
  // alone, 2.0 -> 3.1 in a batch of 16.
  bool waits = purpose == SA_CONV_FORWARD && height * width <= TINY_PIXELS && g.input_channels * g.output_channels >= STREAMED_WEIGHTS;
  if (choice == '4' && waits) choice = '2';
  return choice == '4' ? SA_CONV_WINOGRAD_4 : choice == '2' ? SA_CONV_WINOGRAD_2 : SA_CONV_GEMM;
}

static context make_context(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = plan.geometry;
  bool backward = plan.purpose == SA_CONV_BACKWARD_DATA;
  context f = {.kernels = sa_gemm_kernels_for(plan.instruction_set), .m = plan.algorithm == SA_CONV_WINOGRAD_4 ? 4 : 2};
  f.side = f.m + 2;
  f.channels = backward ? g.output_channels : g.input_channels;
  f.columns = backward ? g.input_channels : g.output_channels;
  f.columns_padded = sa_gemm_padded_columns(f.kernels, f.columns);
  f.panels = sa_ceil_div(f.columns_padded, sa_gemm_panel(f.kernels));
  f.pad_top = backward ? 2 - g.pad_top : g.pad_top;
  f.pad_left = backward ? 2 - g.pad_left : g.pad_left;
  f.tile_columns = sa_ceil_div(backward ? g.input_width : plan.output_width, f.m);
  f.image_tiles = f.tile_columns * sa_ceil_div(backward ? g.input_height : plan.output_height, f.m);
  f.tiles = f.image_tiles * images;
  f.v_row = sa_padded(f.channels) + 16;
  f.p_row = f.columns_padded + 16;
  sa_index points = f.side * f.side, tile_floats = points * (f.v_row + f.p_row);
  sa_index weights = points * f.channels * f.columns_padded;
  f.block = sa_most(TILE_STEP, BLOCK_FLOATS / tile_floats / TILE_STEP * TILE_STEP);
  f.staged = weights > LARGE_WEIGHTS || f.tiles < FEWEST_BLOCKS * f.block;
  sa_index shared = sa_most(FEWEST_SHARED_TILES, sa_most(SHARED_FLOATS, weights / 2) / tile_floats);
  if (weights > LARGE_WEIGHTS && weights <= SHARED_WEIGHTS && f.tiles >= FEWEST_SLICES * SLICE_TILES) {
    f.staged = false;
    f.block = sa_ceil_div(f.tiles, f.tiles / SLICE_TILES);
  }
  if (f.staged) f.block = sa_ceil_div(f.tiles, sa_ceil_div(f.tiles, shared));
  f.blocks = sa_ceil_div(f.tiles, f.block);
  f.run = sa_most(1, sa_least(MOST_RUN, f.blocks / WANTED_PIECES));
  f.v_point = f.block * f.v_row + 16;
  f.p_point = f.block * f.p_row + 16;
  return f;
}

static sa_index block_floats(const context *f) { return f->side * f->side * (f->v_point + f->p_point); }

static sa_winograd_tiles tiles_of(const context *f) {
  return (sa_winograd_tiles){f->source, f->prologue, f->m, f->pad_top, f->pad_left, f->tile_columns, f->image_tiles, f->v_row, 0};
}

/// What is fetched into L2 while a block is multiplied, some lines with each tile of its products: more at once would hold up its loads.
typedef struct {
  sa_fetching input, output;
  sa_index input_lines, output_lines;
} meanwhile;

/// Products of some points and panels for `tiles` tiles.
SA_BODY multiply(const context *f, float *products, const float *v, sa_index point, sa_index tiles, sa_index first_panel,
    sa_index last_panel, meanwhile *ahead) {
  const sa_gemm_kernels *kernels = f->kernels;
  const float *u = f->packed + point * f->channels * f->columns_padded;
  for (sa_index channel = 0; channel < f->channels; channel += DEPTH)
    for (sa_index panel = first_panel; panel < last_panel; panel++) {
      sa_index first = panel * sa_gemm_panel(kernels), width = sa_least(sa_gemm_panel(kernels), f->columns_padded - first);
      sa_gemm_tile tile = {
          .taps = 1, .first_channel = channel, .length = sa_least(DEPTH, f->channels - channel),
          .b = u + first * f->channels + channel * width, .add_previous = channel > 0};
      for (sa_index t = 0; t < tiles; t += kernels->rows) {
        int rows = (int)sa_least(kernels->rows, tiles - t);
        float *out[SA_GEMM_MOST_ROWS];
        const float *a[SA_GEMM_MOST_ROWS];
        for (int r = 0; r < rows; r++) {
          a[r] = v + point * f->v_point + (t + r) * f->v_row;
          out[r] = products + point * f->p_point + (t + r) * f->p_row + first;
        }
        tile.a = a;
        tile.out = out;
        tile.ahead = sa_gemm_ahead(&tile, f->channels, width, t / kernels->rows);
        sa_fetch(&ahead->input, ahead->input_lines, false);
        sa_fetch(&ahead->output, ahead->output_lines, true);
        kernels->function[rows - 1][width / kernels->width - 1](&tile);
      }
    }
}

/// Products of one tile back to pixels, through the epilogue.
SA_BODY output_tile(const context *f, const float *products, sa_index tile, const int m, const int lanes) {
  sa_index image, row, column;
  sa_winograd_locate(f->m, f->tile_columns, f->image_tiles, tile, &image, &row, &column);
  const sa_conv_epilogue *e = &f->output.epilogue;
  sa_map y = f->output.map;
  sa_index rows = sa_least(m, y.h - row), columns = sa_least(m, y.w - column), pixel = (image * y.h + row) * y.w + column;
  sa_index padded = sa_padded(y.c);
  bool plain = !e->scale && !e->shift && !e->residual.data && e->activation == SA_NO_ACTIVATION && f->output.mode == SA_WRITES;
  float scale[SA_CHUNK], shift[SA_CHUNK];
  for (sa_index first = 0; first < y.c; first += SA_CHUNK) {
    sa_index width = sa_least(SA_CHUNK, padded - first);
    if (!plain) sa_gather_affine(scale, shift, (sa_affine){e->scale, e->shift, 0}, 0, first, width, y.c);
    float *moments = f->partial_moments ? f->partial_moments + tile * 2 * padded + first : NULL;
    SA_IN_VECTORS(
        sa_winograd_output_pixels, lanes, width, &f->output, products + first, f->p_point, moments, first, pixel, rows, columns, scale,
        shift, m, plain);
  }
}

SA_BODY any_output_tile(const context *f, const float *products, sa_index tile, const int lanes) {
  if (f->m == 4) output_tile(f, products, tile, 4, lanes);
  else output_tile(f, products, tile, 2, lanes);
}

/// Pixels that tiles first ..< last cover, from the first one's row on, `rows` rows per tile.
SA_INLINE sa_fetching fetch_tiles(sa_map map, const context *f, sa_index first, sa_index last, sa_index rows) {
  if (first >= last) return (sa_fetching){0};
  sa_index image, row, column, last_image, last_row;
  sa_winograd_locate(f->m, f->tile_columns, f->image_tiles, first, &image, &row, &column);
  sa_winograd_locate(f->m, f->tile_columns, f->image_tiles, last - 1, &last_image, &last_row, &column);
  return sa_fetch_pixels(map, (image * map.h + row) * map.w, (last_image * map.h + sa_least(last_row + rows, map.h)) * map.w);
}

/// All three steps for some blocks after each other. While a block is multiplied, its output and the next one's input are fetched.
SA_BODY fused_body(void *argument, sa_index piece, int thread, const int lanes) {
  const context *f = argument;
  float *v = f->scratch + thread * block_floats(f), *products = v + f->side * f->side * f->v_point;
  sa_winograd_tiles tiles = tiles_of(f);
  sa_index end = sa_least((piece + 1) * f->run * f->block, f->tiles), points = f->side * f->side;
  for (sa_index first = piece * f->run * f->block; first < end; first += f->block) {
    sa_index count = sa_least(f->block, end - first), next = first + count;
    sa_index steps = points * f->panels * sa_ceil_div(f->channels, DEPTH) * sa_ceil_div(count, f->kernels->rows);
    for (sa_index t = 0; t < count; t++) sa_winograd_input_tile(v + t * f->v_row, f->v_point, &tiles, first + t, lanes);
    meanwhile ahead = {
        .input = fetch_tiles(f->source, f, next, sa_least(next + f->block, end), f->m + 1),
        .output = fetch_tiles(f->output.map, f, first, next, f->m)};
    ahead.input_lines = sa_fetch_lines(ahead.input, steps);
    ahead.output_lines = sa_fetch_lines(ahead.output, steps);
    for (sa_index point = 0; point < points; point++) multiply(f, products, v, point, count, 0, f->panels, &ahead);
    for (sa_index t = 0; t < count; t++) any_output_tile(f, products + t * f->p_row, first + t, lanes);
  }
}
SA_WIDTH_VARIANTS(fused)

SA_BODY input_body(void *argument, sa_index piece, int thread, const int lanes) {
  (void)thread;
  const context *f = argument;
  sa_winograd_tiles tiles = tiles_of(f);
  sa_winograd_input_tile(f->scratch + piece * f->v_row, f->v_point, &tiles, f->first_tile + piece, lanes);
}
SA_WIDTH_VARIANTS(input)

static void multiply_piece(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index groups = sa_ceil_div(f->panels, PANELS_PER_PIECE), point = piece / groups, first = piece % groups * PANELS_PER_PIECE;
  float *products = f->scratch + f->side * f->side * f->v_point;
  meanwhile nothing = {0};
  multiply(f, products, f->scratch, point, f->tile_count, first, sa_least(first + PANELS_PER_PIECE, f->panels), &nothing);
}

SA_BODY output_body(void *argument, sa_index piece, int thread, const int lanes) {
  (void)thread;
  const context *f = argument;
  any_output_tile(f, f->scratch + f->side * f->side * f->v_point + piece * f->p_row, f->first_tile + piece, lanes);
}
SA_WIDTH_VARIANTS(output)

/// One image: merges its tiles in order.
SA_BODY merge_body(void *argument, sa_index image, int thread) {
  (void)thread;
  const context *f = argument;
  sa_map y = f->output.map;
  double *mean = f->output.epilogue.moments_mean + image * y.c, *m2 = f->output.epilogue.moments_m2 + image * y.c;
  for (sa_index c = 0; c < y.c; c++) mean[c] = m2[c] = 0;
  sa_index before = 0;
  for (sa_index t = 0; t < f->image_tiles; t++) {
    const float *partial = f->partial_moments + (image * f->image_tiles + t) * 2 * sa_padded(y.c);
    sa_index rows = sa_least(f->m, y.h - t / f->tile_columns * f->m), columns = sa_least(f->m, y.w - t % f->tile_columns * f->m);
    sa_merge_block(mean, m2, partial, partial + sa_padded(y.c), before, rows * columns, y.c);
    before += rows * columns;
  }
}
SA_THREAD_VARIANTS(merge)

sa_index sa_winograd_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan, images);
  sa_index moments = plan.purpose == SA_CONV_FORWARD ? f.tiles * 2 * sa_padded(f.columns) : 0;
  return block_floats(&f) * (f.staged ? 1 : threads) + moments;
}

void sa_winograd_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = make_context(plan, destination.n);
  f.output = (sa_winograd_destination){destination, epilogue, mode};
  f.source = source;
  f.packed = packed;
  f.prologue = prologue;
  f.scratch = scratch;
  if (epilogue.moments_mean) f.partial_moments = scratch + block_floats(&f) * (f.staged ? 1 : sa_pool_threads(pool));
  if (!f.staged) sa_pool_run(pool, fused(plan.instruction_set), &f, sa_ceil_div(f.blocks, f.run));
  for (f.first_tile = 0; f.staged && f.first_tile < f.tiles; f.first_tile += f.block) {
    f.tile_count = sa_least(f.block, f.tiles - f.first_tile);
    sa_pool_run(pool, input(plan.instruction_set), &f, f.tile_count);
    sa_pool_run(pool, multiply_piece, &f, f.side * f.side * sa_ceil_div(f.panels, PANELS_PER_PIECE));
    sa_pool_run(pool, output(plan.instruction_set), &f, f.tile_count);
  }
  if (f.partial_moments) sa_pool_run(pool, merge(plan.instruction_set), &f, destination.n);
}
