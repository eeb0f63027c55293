// Blocking: a piece is four output rows of one image. Its 13 input rows go to 13 point rows (tiny, there are few channels); then for 12
// output columns and a panel of output channels, seven products of depth 2 * kernel_width * channels stay in L1 and go back to pixels.
// The weight gradient takes slices of such pieces, whose sums are added in order.
//
// One core of a Zen 4: ResNet's 7x7 with 3 channels forward 172 effective GFLOP/s (as a gathered product 98), weight gradient 167 (75);
// with 1 channel 118 (79) and 115 (47).
#include "stem_rows.h"

#include "block_moments.h"
#include "gemm.h"
#include "outer.h"
#include "stem_rows_transforms.h"

enum { COLUMNS = 12, MOST_PANEL = 64, MOST_DEPTH = 64, MOST_SLICES = 32, MOST_ROW = 16384 };

typedef struct {
  sa_map output;  // or its gradient
  const float *copies, *packed;
  sa_conv_geometry geometry;
  sa_conv_epilogue epilogue;
  const sa_gemm_kernels *kernels;
  const sa_outer_kernels *outer;
  sa_index rows, row_floats, point_row;  // of the copies; floats from point row to point row
  sa_index depth, step;                  // floats under a kernel row, from pixel to pixel
  sa_index channels, channels_padded, panel, panels;
  sa_index groups, column_blocks;  // of four rows, of twelve columns
  float *scratch;
  sa_index thread_floats;
  float *partial_moments;  // [image][group][column block][mean, m2][padded channels]
  sa_index units, slices, units_per_slice;
  float *sums;  // [slice][panel][product][depth][panel's width]
  float *weight_gradient;
  sa_write_mode mode;
} context;

bool sa_stem_rows_fits(sa_conv_geometry g) {
  return g.kernel_height == 7 && g.stride == 2 && g.kernel_width * g.input_channels <= MOST_DEPTH
      && (g.input_width + g.pad_left + g.pad_right) * g.input_channels + 8 <= MOST_ROW;
}

static context make_context(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = plan.geometry;
  context f = {.geometry = g, .kernels = sa_gemm_kernels_for(plan.instruction_set), .outer = sa_outer_kernels_for(plan.instruction_set)};
  f.rows = (plan.output_height - 1) * g.stride + g.kernel_height;
  f.row_floats = ((plan.output_width - 1) * g.stride + g.kernel_width) * g.input_channels;
  f.point_row = sa_ceil_div(f.row_floats, 32) * 32 + 16;
  f.depth = g.kernel_width * g.input_channels;
  f.step = g.stride * g.input_channels;
  f.channels = g.output_channels;
  f.channels_padded = sa_gemm_padded_columns(f.kernels, f.channels);
  f.panel = sa_gemm_panel(f.kernels);
  f.panels = sa_ceil_div(f.channels_padded, f.panel);
  f.groups = sa_ceil_div(plan.output_height, SA_STEM_OUTPUTS);
  f.column_blocks = sa_ceil_div(plan.output_width, COLUMNS);
  f.units = images * f.groups;
  f.units_per_slice = sa_ceil_div(f.units, sa_least(MOST_SLICES, f.units));
  f.slices = sa_ceil_div(f.units, f.units_per_slice);
  sa_index columns = plan.purpose == SA_CONV_FORWARD ? COLUMNS : plan.output_width;
  f.thread_floats = SA_STEM_PRODUCTS * f.point_row + SA_STEM_POINTS * columns * MOST_PANEL;
  return f;
}

static sa_index packed_floats(const context *f) { return SA_STEM_PRODUCTS * f->depth * f->channels_padded; }

sa_index sa_stem_rows_packed_floats(sa_conv_plan plan) {
  context f = make_context(plan, 1);
  return packed_floats(&f);
}

sa_index sa_stem_rows_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan, images);
  sa_index more = plan.purpose == SA_CONV_FORWARD ? f.units * f.column_blocks * 2 * sa_padded(f.channels) : f.slices * packed_floats(&f);
  return threads * f.thread_floats + more;
}

/// Where the products of a point begin: two per point, even and odd rows, but one at c, the last.
static sa_index product_offset(const context *f, sa_index point, sa_index odd, sa_index panel, sa_index width) {
  return panel * f->panel * SA_STEM_PRODUCTS * f->depth + (2 * point + odd) * f->depth * width;
}

static sa_index width_of(const context *f, sa_index panel) { return sa_least(f->panel, f->channels_padded - panel * f->panel); }

void sa_stem_rows_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool) {
  (void)pool;
  context f = make_context(plan, 1);
  sa_index kw = f.geometry.kernel_width, inputs = f.geometry.input_channels;
  for (sa_index panel = 0; panel < f.panels; panel++)
    for (int product = 0; product < SA_STEM_PRODUCTS; product++) {
      int point = product / 2, odd = product % 2, taps = odd ? 3 : 4;
      sa_index width = width_of(&f, panel);
      float *to = packed + product_offset(&f, point, odd, panel, width), coefficients[4];
      for (int t = 0; t < taps; t++) coefficients[t] = sa_stem_filter(point, t, taps);
      for (sa_index k = 0; k < f.depth; k++)
        for (sa_index j = 0; j < width; j++) {
          sa_index o = panel * f.panel + j, v = k / inputs, c = k % inputs;
          float sum = 0;
          for (int t = 0; o < f.channels && t < taps; t++)
            sum += coefficients[t] * weight[((o * inputs + c) * 7 + 2 * t + odd) * kw + v];
          to[k * width + j] = sum;
        }
    }
}

/// One kind of point rows: points[i] = sum of matrix[i][j] * rows[j].
SA_BODY transform_rows(float *points, sa_index point_row, const float *const *rows, const float *matrix, const int count, sa_index length) {
  for (sa_index x = 0; x < length; x += 8) {
    sa_v8 d[SA_STEM_POINTS];
#pragma clang loop unroll(full)
    for (int j = 0; j < count; j++) d[j] = SA_LOAD8(rows[j] + x);
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i++) {
      sa_v8 sum = matrix[i * count] * d[0];
#pragma clang loop unroll(full)
      for (int j = 1; j < count; j++)
        if (matrix[i * count + j] != 0) sum += matrix[i * count + j] * d[j];
      SA_STORE8(points + i * point_row + x, sum);
    }
  }
}

static const float zero_row[MOST_ROW];

/// The point rows of four output rows: seven even ones, then six odd ones; zeros below the copy.
SA_BODY make_points(float *points, const context *f, sa_index unit) {
  sa_index image = unit / f->groups, first = unit % f->groups * SA_STEM_OUTPUTS * 2;
  const float *even[7], *odd[7];
  for (sa_index j = 0; j < SA_STEM_INPUTS; j++) {
    bool inside = first + j < f->rows;
    const float *row = inside ? f->copies + (image * f->rows + first + j) * f->row_floats : zero_row;
    (j % 2 ? odd : even)[j / 2] = row;
  }
  // Point rows are read up to row_floats only; what the last vector takes from the next row stays past that.
  transform_rows(points, f->point_row, even, &sa_stem_even_input[0][0], 7, f->row_floats);
  transform_rows(points + 7 * f->point_row, f->point_row, odd, &sa_stem_odd_input[0][0], 6, f->row_floats);
}

/// Seven points' products for some columns and one panel: [point][column][panel's width].
static void multiply(float *products, const context *f, const float *points, sa_index panel, sa_index first, sa_index count) {
  sa_index width = width_of(f, panel);
  for (int point = 0; point < SA_STEM_POINTS; point++)
    for (sa_index x = 0; x < count; x += f->kernels->rows) {
      int rows = (int)sa_least(f->kernels->rows, count - x);
      const float *a[2 * SA_GEMM_MOST_ROWS];
      float *out[SA_GEMM_MOST_ROWS];
      for (int r = 0; r < rows; r++) {
        a[r] = points + point * f->point_row + (first + x + r) * f->step;
        a[SA_GEMM_MOST_ROWS + r] = a[r] + 7 * f->point_row;
        out[r] = products + (point * COLUMNS + x + r) * width;
      }
      sa_gemm_tile tile = {
          .out = out, .a = a, .tap_step = SA_GEMM_MOST_ROWS, .taps = point < SA_STEM_ODD_POINTS ? 2 : 1, .length = f->depth,
          .b = f->packed + product_offset(f, point, 0, panel, width)};
      f->kernels->function[rows - 1][width / f->kernels->width - 1](&tile);
    }
}

/// Products back to pixels, through the epilogue.
SA_BODY store_pixels(
    const context *f, const float *products, sa_index image, sa_index row, sa_index column, sa_index count, sa_index panel) {
  sa_map y = f->output;
  const sa_conv_epilogue *e = &f->epilogue;
  bool plain = !e->scale && !e->shift && !e->residual.data && e->activation == SA_NO_ACTIVATION;
  sa_index width = width_of(f, panel), first = panel * f->panel, stored = sa_least(width, sa_padded(y.c) - first);
  sa_index rows = sa_least(SA_STEM_OUTPUTS, y.h - row);
  float scale[MOST_PANEL], shift[MOST_PANEL];
  if (!plain) sa_gather_affine(scale, shift, (sa_affine){e->scale, e->shift, 0}, 0, first, stored, y.c);
  for (sa_index x = 0; x < count; x++)
    for (sa_index i = 0; i < stored; i += 8) {
      sa_v8 value[SA_STEM_POINTS];
#pragma clang loop unroll(full)
      for (int p = 0; p < SA_STEM_POINTS; p++) value[p] = SA_LOAD8(products + (p * COLUMNS + x) * width + i);
      sa_stem_output(value);
#pragma clang loop unroll(full)
      for (int r = 0; r < SA_STEM_OUTPUTS; r++) {
        if (r >= rows) continue;
        sa_index pixel = (row + r) * y.w + column + x;
        if (!plain) {
          value[r] = SA_LOAD8(scale + i) * value[r] + SA_LOAD8(shift + i);
          if (e->residual.data) value[r] += SA_LOAD8(sa_pixel(e->residual, image, pixel) + first + i);
          SA_ACTIVATE8(value[r], e->activation);
        }
        SA_STORE8(sa_pixel(y, image, pixel) + first + i, value[r]);
      }
    }
}

/// Mean and squared deviations of a block's pixels, still in cache.
SA_BODY block_moments(const context *f, float *partial, sa_index image, sa_index row, sa_index column, sa_index count) {
  sa_map y = f->output;
  sa_index rows = sa_least(SA_STEM_OUTPUTS, y.h - row), padded = sa_padded(y.c);
  sa_v8 inverse = SA_ALL8(1.0f / (float)(rows * count));
  for (sa_index i = 0; i < padded; i += 8) {
    sa_v8 sum[SA_STEM_OUTPUTS] = {{0}}, squares[SA_STEM_OUTPUTS] = {{0}};
    for (sa_index x = 0; x < count; x++)
      for (sa_index r = 0; r < rows; r++) sum[r] += SA_LOAD8(sa_pixel(y, image, (row + r) * y.w + column + x) + i);
    sa_v8 mean = (sum[0] + sum[1] + (sum[2] + sum[3])) * inverse;
    for (sa_index x = 0; x < count; x++)
      for (sa_index r = 0; r < rows; r++) {
        sa_v8 d = SA_LOAD8(sa_pixel(y, image, (row + r) * y.w + column + x) + i) - mean;
        squares[r] += d * d;
      }
    SA_STORE8(partial + i, mean);
    SA_STORE8(partial + padded + i, squares[0] + squares[1] + (squares[2] + squares[3]));
  }
}

SA_BODY forward_body(void *argument, sa_index unit, int thread) {
  const context *f = argument;
  float *points = f->scratch + thread * f->thread_floats, *products = points + SA_STEM_PRODUCTS * f->point_row;
  sa_index image = unit / f->groups, row = unit % f->groups * SA_STEM_OUTPUTS;
  make_points(points, f, unit);
  for (sa_index block = 0; block < f->column_blocks; block++) {
    sa_index first = block * COLUMNS, count = sa_least(COLUMNS, f->output.w - first);
    for (sa_index panel = 0; panel < f->panels; panel++) {
      multiply(products, f, points, panel, first, count);
      store_pixels(f, products, image, row, first, count, panel);
    }
    if (f->partial_moments)
      block_moments(
          f, f->partial_moments + (unit * f->column_blocks + block) * 2 * sa_padded(f->channels), image, row, first, count);
  }
}
SA_THREAD_VARIANTS(forward)

/// One image: merges its blocks in order.
SA_BODY merge_body(void *argument, sa_index image) {
  const context *f = argument;
  sa_map y = f->output;
  double *mean = f->epilogue.moments_mean + image * y.c, *m2 = f->epilogue.moments_m2 + image * y.c;
  for (sa_index c = 0; c < y.c; c++) mean[c] = m2[c] = 0;
  sa_index before = 0;
  for (sa_index at = 0; at < f->groups * f->column_blocks; at++) {
    const float *partial = f->partial_moments + (image * f->groups * f->column_blocks + at) * 2 * sa_padded(y.c);
    sa_index rows = sa_least(SA_STEM_OUTPUTS, y.h - at / f->column_blocks * SA_STEM_OUTPUTS);
    sa_index columns = sa_least(COLUMNS, y.w - at % f->column_blocks * COLUMNS);
    sa_merge_block(mean, m2, partial, partial + sa_padded(y.c), before, rows * columns, y.c);
    before += rows * columns;
  }
}
SA_VARIANTS(merge)

void sa_stem_rows_forward(
    sa_map output, const float *copies, const float *packed, sa_conv_epilogue epilogue, sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = make_context(plan, output.n);
  f.output = output;
  f.copies = copies;
  f.packed = packed;
  f.epilogue = epilogue;
  f.scratch = scratch;
  if (epilogue.moments_mean) f.partial_moments = scratch + sa_pool_threads(pool) * f.thread_floats;
  sa_pool_run(pool, forward(plan.instruction_set), &f, f.units);
  if (epilogue.moments_mean) sa_pool_run(pool, merge(), &f, output.n);
}

/// The output gradient's four rows to seven points, one panel: [point][column][panel's width].
SA_BODY make_gradient_points(float *points, const context *f, sa_index unit, sa_index panel) {
  sa_map dy = f->output;
  sa_index image = unit / f->groups, row = unit % f->groups * SA_STEM_OUTPUTS, rows = sa_least(SA_STEM_OUTPUTS, dy.h - row);
  sa_index width = width_of(f, panel), first = panel * f->panel, stored = sa_least(width, sa_padded(dy.c) - first);
  for (sa_index x = 0; x < dy.w; x++)
    for (sa_index i = 0; i < width; i += 8) {
      sa_v8 value[SA_STEM_POINTS];
#pragma clang loop unroll(full)
      for (int r = 0; r < SA_STEM_OUTPUTS; r++) {
        value[r] = (sa_v8){0};
        if (r < rows && i < stored) value[r] = SA_LOAD8(sa_pixel(dy, image, (row + r) * dy.w + x) + first + i);
      }
      sa_stem_output_gradient(value);
#pragma clang loop unroll(full)
      for (int p = 0; p < SA_STEM_POINTS; p++) SA_STORE8(points + (p * dy.w + x) * width + i, value[p]);
    }
}

SA_BODY weights_body(void *argument, sa_index slice, int thread) {
  const context *f = argument;
  float *points = f->scratch + thread * f->thread_floats, *gradient = points + SA_STEM_PRODUCTS * f->point_row;
  float *sums = f->sums + slice * packed_floats(f);
  sa_index first = slice * f->units_per_slice;
  for (sa_index unit = first; unit < sa_least(first + f->units_per_slice, f->units); unit++) {
    make_points(points, f, unit);
    for (sa_index panel = 0; panel < f->panels; panel++) {
      make_gradient_points(gradient, f, unit, panel);
      sa_index width = width_of(f, panel);
      for (int product = 0; product < SA_STEM_PRODUCTS; product++) {
        int point = product / 2, odd = product % 2;
        for (sa_index k = 0; k < f->depth; k += SA_OUTER_ROWS) {
          sa_outer_tile tile = {
              .c = sums + product_offset(f, point, odd, panel, width) + k * width, .c_stride = width,
              .a = points + (odd * 7 + point) * f->point_row + k, .a_stride = f->step, .b = gradient + point * f->output.w * width,
              .b_stride = width, .pixels = f->output.w, .add_previous = unit > first};
          f->outer->function[sa_least(SA_OUTER_ROWS, f->depth - k) - 1][width / f->outer->width - 1](&tile);
        }
      }
    }
  }
}
SA_THREAD_VARIANTS(weights)

/// One kernel column and channel: adds the slices in order, goes back to taps.
static void finish_piece(void *argument, sa_index k, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index kw = f->geometry.kernel_width, inputs = f->geometry.input_channels, v = k / inputs, c = k % inputs;
  for (sa_index panel = 0; panel < f->panels; panel++) {
    sa_index width = width_of(f, panel), first = panel * f->panel;
    float taps[7][MOST_PANEL] = {{0}};
    for (int product = 0; product < SA_STEM_PRODUCTS; product++) {
      int point = product / 2, odd = product % 2;
      float total[MOST_PANEL] = {0};
      for (sa_index slice = 0; slice < f->slices; slice++) {
        const float *from = f->sums + slice * packed_floats(f) + product_offset(f, point, odd, panel, width) + k * width;
        for (sa_index j = 0; j < width; j++) total[j] += from[j];
      }
      for (int t = 0; t < (odd ? 3 : 4); t++) {
        float coefficient = sa_stem_filter(point, t, odd ? 3 : 4);
        for (sa_index j = 0; j < width; j++) taps[2 * t + odd][j] += coefficient * total[j];
      }
    }
    for (sa_index j = 0; j < sa_least(width, f->channels - first); j++)
      for (sa_index u = 0; u < 7; u++) {
        float *to = f->weight_gradient + (((first + j) * inputs + c) * 7 + u) * kw + v;
        *to = f->mode == SA_ACCUMULATES ? *to + taps[u][j] : taps[u][j];
      }
  }
}

void sa_stem_rows_backward_weights(
    float *weight_gradient, const float *copies, sa_map output_gradient, sa_write_mode mode, sa_conv_plan plan, float *scratch,
    sa_pool *pool) {
  context f = make_context(plan, output_gradient.n);
  f.output = output_gradient;
  f.copies = copies;
  f.weight_gradient = weight_gradient;
  f.mode = mode;
  f.sums = scratch;
  f.scratch = scratch + f.slices * packed_floats(&f);
  sa_pool_run(pool, weights(plan.instruction_set), &f, f.slices);
  sa_pool_run(pool, finish_piece, &f, f.depth);
}
