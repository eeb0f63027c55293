// Weight gradient: dW[(tap, channel), o] = sum over pixels of x[pixel at tap, channel] * dy[pixel, o].
//
// Blocking: 96 output pixels; up to 256 rows (tap, channel) of the gathered input and 512 columns of dy, in panels of 64 (AVX-512) or 16
// (AVX2), are copied side by side (through the prologue), then multiplied by 6-row micro-kernels into an accumulator [(tap, channel)][o].
// Pieces own rows and columns; where those are few, slices of pixels too, whose accumulators are added in order. A last pass turns the
// sum to OIHW.
//
// One core of a Zen 4 (118 GFLOP/s): ResNet's layers at batch 16 90-100 GFLOP/s; the reference 0.5.
#include "convolution_weights.h"

#include <string.h>

#include "lanes.h"
#include "outer.h"

enum { PIXELS = 96, ROWS = 256, STRIDE = ROWS + 16, COLUMNS = 512, WANTED_PIECES = 32, MOST_ACCUMULATED = 1 << 22 };

typedef struct {
  sa_map input, dy;
  sa_prologue prologue;
  sa_conv_geometry geometry;
  const sa_outer_kernels *kernels;
  sa_index output_height, output_width;
  sa_index channels, tap_rows, rows, columns, columns_padded, panels;  // per group
  sa_index row_pieces, panels_per_piece, column_pieces;
  sa_index pixel_blocks, slices, blocks_per_slice;
  float *accumulators, *scratch;
  float *weight_gradient;
  sa_write_mode mode;
  sa_index row_channels;  // 0, or see sa_weights_run_rows
} context;

static context make_context(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = plan.geometry;
  context f = {.geometry = g, .kernels = sa_outer_kernels_for(plan.instruction_set)};
  f.output_height = plan.output_height;
  f.output_width = plan.output_width;
  f.channels = g.input_channels / g.groups;
  f.tap_rows = f.channels < 8 ? f.channels : sa_padded(f.channels);
  f.rows = g.kernel_height * g.kernel_width * f.tap_rows;
  f.columns = g.output_channels / g.groups;
  f.columns_padded = sa_ceil_div(f.columns, f.kernels->width) * f.kernels->width;
  f.panels = sa_ceil_div(f.columns_padded, f.kernels->width * f.kernels->vectors);
  f.row_pieces = sa_ceil_div(f.rows, ROWS);
  f.column_pieces = 1;
  sa_index panel_columns = f.kernels->width * f.kernels->vectors;
  while (f.row_pieces * f.column_pieces * g.groups < WANTED_PIECES
      && f.panels * panel_columns / f.column_pieces >= 2 * COLUMNS) f.column_pieces *= 2;
  f.panels_per_piece = sa_ceil_div(f.panels, f.column_pieces);
  f.column_pieces = sa_ceil_div(f.panels, f.panels_per_piece);
  f.pixel_blocks = sa_ceil_div(images * f.output_height * f.output_width, PIXELS);
  f.slices = 1;
  while (f.row_pieces * f.column_pieces * g.groups * f.slices < WANTED_PIECES && f.pixel_blocks / f.slices >= 8
         && (f.slices + 1) * f.rows * f.columns_padded * g.groups < MOST_ACCUMULATED)
    f.slices++;
  f.blocks_per_slice = sa_ceil_div(f.pixel_blocks, f.slices);
  f.slices = sa_ceil_div(f.pixel_blocks, f.blocks_per_slice);
  return f;
}

/// Where the pixels of a block lie.
typedef struct {
  sa_index count, image[PIXELS], row[PIXELS], column[PIXELS];
} pixel_block;

static void locate_pixels(pixel_block *block, const context *f, sa_index index) {
  sa_index first = index * PIXELS, total = f->dy.n * f->output_height * f->output_width;
  block->count = sa_least(PIXELS, total - first);
  for (sa_index p = 0; p < block->count; p++) {
    sa_index at = first + p;
    block->image[p] = at / (f->output_height * f->output_width);
    block->row[p] = at / f->output_width % f->output_height;
    block->column[p] = at % f->output_width;
  }
}

/// The input at rows first ..< first + count (tap, channel) of each pixel, after the prologue: [pixel][STRIDE] (odd in cache lines).
SA_BODY copy_input(float *to, const pixel_block *block, const context *f, sa_index group, sa_index first, sa_index count) {
  sa_conv_geometry g = f->geometry;
  bool plain = !f->prologue.affine.scale && !f->prologue.affine.shift && f->prologue.activation == SA_NO_ACTIVATION;
  float a[ROWS], b[ROWS];
  for (sa_index done = 0; done < count;) {
    sa_index tap = (first + done) / f->tap_rows, channel = (first + done) % f->tap_rows;
    sa_index length = sa_least(count - done, f->tap_rows - channel), known_image = -1;
    sa_index row_offset = tap / g.kernel_width * g.dilation - g.pad_top, column_offset = tap % g.kernel_width * g.dilation - g.pad_left;
    for (sa_index p = 0; p < block->count; p++) {
      float *out = to + p * STRIDE + done;
      sa_index row = block->row[p] * g.stride + row_offset, column = block->column[p] * g.stride + column_offset;
      if (row < 0 || row >= f->input.h || column < 0 || column >= f->input.w) {
        memset(out, 0, (size_t)length * sizeof(float));
        continue;
      }
      const float *x = sa_pixel(f->input, block->image[p], row * f->input.w + column) + group * f->channels + channel;
      if (plain && length % 8 == 0) {
        for (sa_index i = 0; i < length; i += 8) SA_STORE8(out + i, SA_LOAD8(x + i));
        continue;
      }
      if (known_image < 0 || (f->prologue.affine.image_stride != 0 && known_image != block->image[p])) {
        known_image = block->image[p];
        sa_gather_affine(a, b, f->prologue.affine, known_image, group * f->channels + channel, length, f->input.c);
      }
      if (length % 8 == 0)
        for (sa_index i = 0; i < length; i += 8) {
          sa_v8 v = SA_LOAD8(a + i) * SA_LOAD8(x + i) + SA_LOAD8(b + i);
          SA_ACTIVATE8(v, f->prologue.activation);
          SA_STORE8(out + i, v);
        }
      else
        for (sa_index i = 0; i < length; i++) out[i] = sa_activated(a[i] * x[i] + b[i], f->prologue.activation);
    }
    done += length;
  }
}

/// Columns first ..< last of the output gradient, read pixel after pixel: [panel][pixel][panel's width]; zeros past the last channel's
/// vector.
SA_BODY copy_gradient(float *to, const pixel_block *block, const context *f, sa_index group, sa_index first, sa_index last) {
  sa_index panel = f->kernels->width * f->kernels->vectors, stored = sa_least(last, sa_padded(f->columns));
  for (sa_index p = 0; p < block->count; p++) {
    sa_index pixel = block->row[p] * f->output_width + block->column[p];
    const float *dy = sa_pixel(f->dy, block->image[p], pixel) + group * f->columns;
    for (sa_index start = first; start < last; start += panel) {
      sa_index end = sa_least(start + panel, last), width = end - start, i = start;
      float *out = to + (start - first) * PIXELS + p * width - start;
      for (; i < sa_least(end, stored); i += 8) SA_STORE8(out + i, SA_LOAD8(dy + i));
      for (; i < end; i += 8) SA_STORE8(out + i, (sa_v8){0});
    }
  }
}

/// What the next block of pixels reads, fetched into L2 while this one is multiplied: each tile fetches one cache line of every pixel.
typedef struct {
  const float *x, *dy;  // the next block's first pixel
  sa_index x_stride, dy_stride, x_lines, dy_lines;
} next_block;

SA_INLINE void fetch_with(sa_outer_tile *tile, const next_block *next, sa_index index) {
  bool input = index < next->x_lines;
  sa_index line = input ? index : index - next->x_lines;
  if (!input && line >= next->dy_lines) return;
  tile->ahead = (input ? next->x : next->dy) + line * 16;
  tile->ahead_stride = input ? next->x_stride : next->dy_stride;
}

SA_BODY weights_body(void *argument, sa_index piece, int thread) {
  const context *f = argument;
  sa_index row_piece = piece % f->row_pieces, column_piece = piece / f->row_pieces % f->column_pieces;
  sa_index slice = piece / f->row_pieces / f->column_pieces % f->slices, group = piece / f->row_pieces / f->column_pieces / f->slices;
  sa_index first_row = row_piece * ROWS, rows = sa_least(ROWS, f->rows - first_row);
  sa_index first_panel = column_piece * f->panels_per_piece, last_panel = sa_least(first_panel + f->panels_per_piece, f->panels);
  sa_index panel_width = f->kernels->width * f->kernels->vectors, first_column = first_panel * panel_width;
  sa_index last_column = sa_least(last_panel * panel_width, f->columns_padded);
  float *input = f->scratch + thread * PIXELS * (STRIDE + COLUMNS), *gradient = input + PIXELS * STRIDE;
  float *sum = f->accumulators + ((slice * f->geometry.groups + group) * f->rows + first_row) * f->columns_padded;
  sa_index first_block = slice * f->blocks_per_slice, last_block = sa_least(first_block + f->blocks_per_slice, f->pixel_blocks);
  for (sa_index index = first_block; index < last_block; index++) {
    pixel_block block;
    locate_pixels(&block, f, index);
    copy_input(input, &block, f, group, first_row, rows);
    bool uniform = f->rows == f->tap_rows && f->geometry.stride == 1;
    sa_index next_pixel = (index + 1) * PIXELS, dy_width = sa_least(last_column, sa_padded(f->columns)) - first_column, tiles = 0;
    next_block next = {
        .x = f->input.data + next_pixel * f->input.pixel_stride + group * f->channels + first_row,
        .dy = f->dy.data + next_pixel * f->dy.pixel_stride + group * f->columns + first_column,
        .x_stride = f->input.pixel_stride, .dy_stride = f->dy.pixel_stride};
    if (index + 1 < last_block) {
      next.x_lines = uniform ? sa_ceil_div(rows, 16) : 0;
      next.dy_lines = sa_ceil_div(dy_width, 16);
    }
    for (sa_index start = first_column; start < last_column; start += COLUMNS) {
      sa_index end = sa_least(start + COLUMNS, last_column);
      copy_gradient(gradient, &block, f, group, start, end);
      for (sa_index first = start; first < end; first += panel_width) {
        sa_index width = sa_least(panel_width, end - first);
        for (sa_index r = 0; r < rows; r += SA_OUTER_ROWS) {
          sa_outer_tile tile = {
              .c = sum + r * f->columns_padded + first, .c_stride = f->columns_padded, .a = input + r, .a_stride = STRIDE,
              .b = gradient + (first - start) * PIXELS, .b_stride = width, .pixels = block.count, .add_previous = index > first_block};
          fetch_with(&tile, &next, tiles++);
          f->kernels->function[sa_least(SA_OUTER_ROWS, rows - r) - 1][width / f->kernels->width - 1](&tile);
        }
      }
    }
  }
}
SA_THREAD_VARIANTS(weights)

enum { TURNED_OUTPUTS = 64, TURNED_LINES = 256 };

/// Adds the slices in order and turns [(tap, channel)][o] to OIHW, 64 outputs of one group, some channels with all their taps at a time.
SA_BODY turn_body(void *argument, sa_index piece) {
  const context *f = argument;
  sa_index blocks = sa_ceil_div(f->columns, TURNED_OUTPUTS), group = piece / blocks, first = piece % blocks * TURNED_OUTPUTS;
  sa_index count = sa_least(TURNED_OUTPUTS, f->columns - first), width = sa_padded(count);
  sa_index taps = f->geometry.kernel_height * f->geometry.kernel_width, chunk = sa_most(1, 72 / taps);
  sa_index slice_size = f->geometry.groups * f->rows * f->columns_padded;
  const float *sums = f->accumulators + group * f->rows * f->columns_padded + first;
  float lines[TURNED_LINES * TURNED_OUTPUTS];
  for (sa_index c0 = 0; c0 < f->channels; c0 += chunk) {
    sa_index channels = sa_least(chunk, f->channels - c0);
    for (sa_index t = 0; t < taps; t++)
      for (sa_index c = 0; c < channels; c++)
        for (sa_index i = 0; i < width; i += 8) {
          const float *from = sums + (t * f->tap_rows + c0 + c) * f->columns_padded + i;
          sa_v8 sum = SA_LOAD8(from);
          for (sa_index slice = 1; slice < f->slices; slice++) sum += SA_LOAD8(from + slice * slice_size);
          SA_STORE8(lines + (c * taps + t) * TURNED_OUTPUTS + i, sum);
        }
    for (sa_index o = 0; f->row_channels && o < count; o++)
      for (sa_index i = 0; i < channels * taps; i++) {
        sa_index v = (c0 + i / taps) / f->row_channels, c = (c0 + i / taps) % f->row_channels;
        float *to = f->weight_gradient + ((first + o) * f->row_channels + c) * taps * (f->channels / f->row_channels)
            + i % taps * (f->channels / f->row_channels) + v;
        *to = f->mode == SA_ACCUMULATES ? *to + lines[i * TURNED_OUTPUTS + o] : lines[i * TURNED_OUTPUTS + o];
      }
    for (sa_index o = 0; !f->row_channels && o < count; o++) {
      float *to = f->weight_gradient + ((group * f->columns + first + o) * f->channels + c0) * taps;
      if (f->mode == SA_ACCUMULATES)
        for (sa_index i = 0; i < channels * taps; i++) to[i] += lines[i * TURNED_OUTPUTS + o];
      else
        for (sa_index i = 0; i < channels * taps; i++) to[i] = lines[i * TURNED_OUTPUTS + o];
    }
  }
}
SA_VARIANTS(turn)

static sa_index accumulated_floats(const context *f) { return f->slices * f->geometry.groups * f->rows * f->columns_padded; }

sa_index sa_weights_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan, images);
  return sa_ceil_div(accumulated_floats(&f), 16) * 16 + threads * PIXELS * (STRIDE + COLUMNS);
}

static void run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    sa_index row_channels, float *scratch, sa_pool *pool) {
  context f = make_context(plan, input.n);
  f.input = input;
  f.dy = output_gradient;
  f.prologue = prologue;
  f.weight_gradient = weight_gradient;
  f.mode = mode;
  f.row_channels = row_channels;
  f.accumulators = scratch;
  f.scratch = scratch + sa_ceil_div(accumulated_floats(&f), 16) * 16;
  sa_pool_run(pool, weights(plan.instruction_set), &f, f.row_pieces * f.column_pieces * f.slices * plan.geometry.groups);
  sa_pool_run(pool, turn(), &f, plan.geometry.groups * sa_ceil_div(f.columns, TURNED_OUTPUTS));
}

void sa_weights_run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  run(weight_gradient, input, output_gradient, mode, prologue, plan, 0, scratch, pool);
}

void sa_weights_run_rows(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_conv_plan plan, sa_index row_channels,
    float *scratch, sa_pool *pool) {
  run(weight_gradient, input, output_gradient, mode, (sa_prologue){0}, plan, row_channels, scratch, pool);
}
