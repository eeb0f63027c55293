// Convolution as a gathered matrix product.
//
// Blocking: up to 60 pixels x 512 of the sum's depth stay in L2 while panels of 64 (AVX-512) or 16 (AVX2) columns stream past; the
// micro-kernel reads pixels in place through row pointers (a zero vector outside the image), so nothing is copied unless a prologue
// changes it. Pieces are (group, columns, image, blocks of pixels). What a tile will store, and what the next block of a 1x1 kernel will
// read, is fetched into L2 meanwhile: at 56x56, 144 -> 24 channels 8.9 -> 5.9 ms, its input gradient 5.2 -> 4.3 (batch 16, one core).
//
// One core of a Zen 4 (118 GFLOP/s): ResNet-50's 1x1 layers at batch 1 105-116 GFLOP/s, strided 3x3 112; the reference 0.5.
#include "convolution_gemm.h"

#include <string.h>

#include "block_moments.h"
#include "gather.h"
#include "gradient_block.h"

static float zeros[SA_MOST_ZEROS] __attribute__((aligned(64)));

typedef struct {
  sa_map destination, source;
  const float *packed;
  sa_conv_epilogue epilogue;
  sa_prologue prologue;
  const sa_gradient_epilogue *finish;  // or NULL
  sa_write_mode mode;
  sa_gather gather;
  const sa_phase *phase;
  const sa_gemm_kernels *kernels;
  sa_index columns_padded, panels, panels_per_piece, column_pieces;
  sa_index units, unit_rows, block_rows, unit_blocks, blocks_per_piece, range_pieces;
  sa_index taps_per_chunk, channels_per_chunk;
  float *scratch;
  sa_index scratch_per_thread;
  float *partials;  // [image][block][mean, m2 or sum dz, sum dz x][padded channels]
} context;

/// The pixels of one block: where each is written, and where it lies.
typedef struct {
  sa_index count, image[SA_BLOCK_ROWS], row[SA_BLOCK_ROWS], column[SA_BLOCK_ROWS];
  sa_index first_row, last_row, first_column, last_column;  // the least and greatest
  const float *source[SA_BLOCK_ROWS];                      // at row and column * step: where an offset of 0 reads
  float *out[SA_BLOCK_ROWS];
  const float *residual[SA_BLOCK_ROWS];
  sa_index ahead;  // floats to the same row of the next block, or 0: fetched meanwhile
  float *panel;  // where one panel's result goes instead, [row][64], or NULL
} block_rows;

static void locate_rows(block_rows *rows, const context *f, sa_index group, sa_index unit, sa_index first) {
  const sa_phase *phase = f->phase;
  const sa_gather *gather = &f->gather;
  rows->count = sa_least(f->block_rows, f->unit_rows - first);
  sa_index pixels = phase->height * phase->width, at = unit * f->unit_rows + first;
  sa_index image = at / pixels, row = at % pixels / phase->width, column = at % phase->width;
  for (sa_index r = 0; r < rows->count; r++) {
    sa_index pixel = (phase->row_phase + row * gather->phases) * gather->width + phase->column_phase + column * gather->phases;
    rows->image[r] = image;
    rows->row[r] = row;
    rows->column[r] = column;
    rows->out[r] = sa_pixel(f->destination, image, pixel) + group * gather->columns;
    rows->residual[r] = f->epilogue.residual.data ? sa_pixel(f->epilogue.residual, image, pixel) + group * gather->columns : NULL;
    rows->source[r] = f->source.data
        + ((image * gather->source_height + row * gather->step) * gather->source_width + column * gather->step) * f->source.pixel_stride
        + group * gather->source_channels;
    if (++column == phase->width) {
      column = 0;
      if (++row == phase->height) row = 0, image++;
    }
  }
}

static void bound_rows(block_rows *rows) {
  rows->first_row = rows->last_row = rows->row[0];
  rows->first_column = rows->last_column = rows->column[0];
  for (sa_index r = 1; r < rows->count; r++) {
    rows->first_row = sa_least(rows->first_row, rows->row[r]);
    rows->last_row = sa_most(rows->last_row, rows->row[r]);
    rows->first_column = sa_least(rows->first_column, rows->column[r]);
    rows->last_column = sa_most(rows->last_column, rows->column[r]);
  }
}

/// The source pixel of each row at taps first ..< first + count, [tap][row]; zeros outside the image.
static void point_rows(const float **pointers, const block_rows *rows, const context *f, sa_index first, sa_index count) {
  const sa_gather *gather = &f->gather;
  sa_index step = gather->step, height = gather->source_height, width = gather->source_width;
  for (sa_index t = 0; t < count; t++) {
    sa_tap tap = f->phase->taps[first + t];
    const float **to = pointers + t * SA_BLOCK_ROWS;
    sa_index offset = (tap.row_offset * width + tap.column_offset) * f->source.pixel_stride;
    bool inside = rows->first_row * step + tap.row_offset >= 0 && rows->last_row * step + tap.row_offset < height
        && rows->first_column * step + tap.column_offset >= 0 && rows->last_column * step + tap.column_offset < width;
    if (inside) {
      for (sa_index r = 0; r < rows->count; r++) to[r] = rows->source[r] + offset;
      continue;
    }
#pragma clang loop vectorize(disable)
    for (sa_index r = 0; r < rows->count; r++) {
      size_t row = (size_t)(rows->row[r] * step + tap.row_offset), column = (size_t)(rows->column[r] * step + tap.column_offset);
      to[r] = row < (size_t)height && column < (size_t)width ? rows->source[r] + offset : zeros;
    }
  }
}

/// Copies the pointed-to channels first ..< first + count through the prologue and points to the copies (`first` channels before them, as
/// before).
SA_BODY apply_prologue(
    const float **pointers, float *copies, const block_rows *rows, const context *f, sa_index group, sa_index taps, sa_index first,
    sa_index count) {
  float a[SA_BLOCK_DEPTH], b[SA_BLOCK_DEPTH];
  sa_index padded = sa_padded(count), base = group * f->gather.source_channels + first, known_image = -1;
  for (sa_index r = 0; r < rows->count; r++) {
    if (known_image < 0 || (f->prologue.affine.image_stride != 0 && known_image != rows->image[r])) {
      known_image = rows->image[r];
      sa_gather_affine(a, b, f->prologue.affine, known_image, base, padded, f->source.c);
    }
    for (sa_index t = 0; t < taps; t++) {
      const float *from = pointers[t * SA_BLOCK_ROWS + r];
      if (from == zeros) continue;
      float *to = copies + (t * SA_BLOCK_ROWS + r) * padded;
      for (sa_index i = 0; i < padded; i += 8) {
        sa_v8 x = SA_LOAD8(a + i) * SA_LOAD8(from + first + i) + SA_LOAD8(b + i);
        SA_ACTIVATE8(x, f->prologue.activation);
        SA_STORE8(to + i, x);
      }
      pointers[t * SA_BLOCK_ROWS + r] = to - first;
    }
  }
}

/// What the finish of one panel reads and adds to, fetched while the panel is computed.
SA_BODY fetch_finish(const block_rows *rows, const context *f, sa_index row, sa_index count, sa_index first, sa_index width) {
  const sa_gradient_epilogue *e = f->finish;
  for (sa_index r = row; r < row + count; r++) {
    sa_index pixel = (rows->row[r] * f->gather.width + rows->column[r]);
    const float *x = sa_pixel(e->x, rows->image[r], pixel) + first;
    for (sa_index i = 0; i < width; i += 16) __builtin_prefetch(x + i, 0, 2);
    if (!e->mask.output.data) continue;
    const float *output = sa_pixel(e->mask.output, rows->image[r], pixel) + first;
    for (sa_index i = 0; i < width; i += 16) __builtin_prefetch(output + i, 0, 2);
  }
}

/// Masks, sums and stores one panel of a finished block.
SA_BODY finish_panel(const block_rows *rows, const context *f, sa_index first, sa_index width, float *partial) {
  const sa_gradient_epilogue *e = f->finish;
  sa_index image = rows->image[0], pixel = rows->row[0] * f->gather.width + rows->column[0], channels = f->destination.c;
  sa_gradient_block k = {
      .g = rows->panel ? rows->panel : rows->out[0] + first, .g_stride = rows->panel ? SA_GRADIENT_COLUMNS : f->destination.pixel_stride,
      .x = sa_pixel(e->x, image, pixel) + first, .x_stride = e->x.pixel_stride, .to = rows->out[0] + first,
      .to_stride = f->destination.pixel_stride, .pixels = rows->count, .sums = partial + first,
      .products = partial + sa_padded(channels) + first};
  if (e->mask.output.data) {
    k.output = sa_pixel(e->mask.output, image, pixel) + first;
    k.output_stride = e->mask.output.pixel_stride;
  }
  float nothing[SA_GRADIENT_COLUMNS];
  sa_gather_affine(k.a, k.b, e->mask.affine, image, first, width, channels);
  sa_gather_affine(nothing, k.center, (sa_affine){NULL, e->center, e->center_image_stride}, image, first, width, channels);
  sa_gather_affine(k.scale, nothing, (sa_affine){e->scale, NULL, 0}, image, first, width, channels);
  sa_finish_gradient(&k, width, &e->mask, e->scale != NULL, f->mode == SA_ACCUMULATES);
}

/// All tiles of one panel for one block and chunk of depth.
static void run_panel(
    const block_rows *rows, const float *const *pointers, const context *f, sa_index group, sa_index panel, sa_gemm_tile tile, bool last) {
  const sa_gemm_kernels *kernels = f->kernels;
  sa_index first = panel * sa_gemm_panel(kernels), width = sa_least(sa_gemm_panel(kernels), f->columns_padded - first);
  sa_index stored = sa_least(width, sa_padded(f->gather.columns) - first);
  float scale[SA_GEMM_MOST_VECTORS * 16], shift[SA_GEMM_MOST_VECTORS * 16];
  const sa_conv_epilogue *e = &f->epilogue;
  if (last && (e->scale || e->shift || e->residual.data || e->activation != SA_NO_ACTIVATION)) {
    sa_gather_affine(
        scale, shift, (sa_affine){e->scale, e->shift, 0}, 0, group * f->gather.columns + first, width, (group + 1) * f->gather.columns);
    tile.scale = scale;
    tile.shift = shift;
    tile.activation = e->activation;
  }
  tile.last_half = width - stored >= 8;
  sa_index panels = f->panels_per_piece, part = sa_ceil_div(tile.length, 16 * panels) * 16, at = panel % panels * part;
  sa_index fetched_from = tile.first_channel + at, fetched_to = tile.first_channel + sa_least(at + part, tile.length);
  float *out[SA_GEMM_MOST_ROWS];
  const float *residual[SA_GEMM_MOST_ROWS];
  for (sa_index r = 0; r < rows->count; r += kernels->rows) {
    int count = (int)sa_least(kernels->rows, rows->count - r);
    for (int i = 0; i < count; i++) {
      out[i] = rows->panel ? rows->panel + (r + i) * SA_GRADIENT_COLUMNS : rows->out[r + i] + first;
      residual[i] = rows->residual[r + i] ? rows->residual[r + i] + first : NULL;
    }
    tile.out = out;
    tile.residual = residual[0] ? residual : NULL;
    tile.a = pointers + r;
    tile.ahead = sa_gemm_ahead(&tile, f->phase->tap_count * f->gather.source_channels, width, r / kernels->rows);
    // A store or the next block's load that misses the cache would hold up a tile.
    for (int i = 0; i < count; i++) {
      for (sa_index c = 0; c < stored; c += 16) __builtin_prefetch(rows->out[r + i] + first + c, 1, 2);
      for (sa_index c = 0; tile.residual && c < stored; c += 16) __builtin_prefetch(residual[i] + c, 0, 2);
      for (sa_index c = fetched_from; rows->ahead && c < fetched_to; c += 16)
        __builtin_prefetch(rows->source[r + i] + rows->ahead + c, 0, 2);
    }
    if (last && f->finish) fetch_finish(rows, f, r, count, first, stored);
    kernels->function[count - 1][width / kernels->width - 1](&tile);
  }
}

SA_BODY run_block(const context *f, float *scratch, sa_index group, sa_index unit, sa_index block, sa_index first_panel,
    sa_index last_panel, const int lanes) {
  block_rows rows;
  locate_rows(&rows, f, group, unit, block * f->block_rows);
  bound_rows(&rows);
  bool is_stream = f->phase->tap_count == 1 && f->gather.phases == 1 && f->gather.step == 1;
  rows.ahead = is_stream && block + 1 < f->unit_blocks ? f->block_rows * f->source.pixel_stride : 0;
  rows.panel = f->finish && f->finish->scale ? scratch + f->scratch_per_thread - SA_BLOCK_ROWS * SA_GRADIENT_COLUMNS : NULL;
  const sa_phase *phase = f->phase;
  sa_index channels = f->gather.source_channels, depth = phase->tap_count * channels;
  const float **pointers = (const float **)(void *)scratch;
  float *copies = scratch + f->taps_per_chunk * SA_BLOCK_ROWS * 2;
  const float *packed = f->packed + phase->packed_offset + group * depth * f->columns_padded;
  bool has_prologue = f->prologue.affine.scale || f->prologue.affine.shift || f->prologue.activation != SA_NO_ACTIVATION;
  bool first_chunk = true;
  for (sa_index tap = 0; tap < sa_most(1, phase->tap_count); tap += f->taps_per_chunk) {
    sa_index taps = sa_least(f->taps_per_chunk, phase->tap_count - tap);
    for (sa_index channel = 0; channel < channels; channel += f->channels_per_chunk) {
      sa_index length = sa_least(f->channels_per_chunk, channels - channel);
      point_rows(pointers, &rows, f, tap, taps);
      if (has_prologue) apply_prologue(pointers, copies, &rows, f, group, taps, channel, length);
      bool last = tap + taps >= phase->tap_count && channel + length >= channels;
      for (sa_index panel = first_panel; panel < last_panel; panel++) {
        sa_index first = panel * sa_gemm_panel(f->kernels), width = sa_least(sa_gemm_panel(f->kernels), f->columns_padded - first);
        sa_gemm_tile tile = {
            .tap_step = SA_BLOCK_ROWS, .taps = taps, .first_channel = channel, .length = length,
            .b = packed + depth * first + (tap * channels + channel) * width,
            .add_previous = !first_chunk || (f->mode == SA_ACCUMULATES && !rows.panel)};
        run_panel(&rows, pointers, f, group, panel, tile, last);
        if (!last || !f->partials) continue;
        sa_index padded = sa_padded(f->destination.c), start = group * f->gather.columns + first;
        sa_index stored = sa_least(width, sa_padded(f->gather.columns) - first);
        float *partial = f->partials + (unit * f->unit_blocks + block) * 2 * padded;
        if (f->finish) finish_panel(&rows, f, first, stored, partial);
        else
          sa_block_moments(
              partial + start, partial + padded + start, rows.out[0] + first, f->destination.pixel_stride, rows.count, stored, lanes);
      }
      first_chunk = false;
    }
  }
}

SA_BODY gemm_body(void *argument, sa_index piece, int thread, const int lanes) {
  const context *f = argument;
  sa_index range = piece % f->range_pieces, rest = piece / f->range_pieces;
  sa_index unit = rest % f->units, column_piece = rest / f->units % f->column_pieces, group = rest / f->units / f->column_pieces;
  sa_index first_panel = column_piece * f->panels_per_piece, last_panel = sa_least(first_panel + f->panels_per_piece, f->panels);
  sa_index first = range * f->blocks_per_piece, last = sa_least(first + f->blocks_per_piece, f->unit_blocks);
  for (sa_index block = first; block < last; block++)
    run_block(f, f->scratch + thread * f->scratch_per_thread, group, unit, block, first_panel, last_panel, lanes);
}
SA_WIDTH_VARIANTS(gemm)

typedef struct {
  double *mean, *m2;
  const float *partial;
  sa_index channels, blocks, block_rows, rows;
} merge_context;

/// One image: merges its blocks in order.
static void merge_moments(void *argument, sa_index image, int thread) {
  (void)thread;
  merge_context *f = argument;
  double *mean = f->mean + image * f->channels, *m2 = f->m2 + image * f->channels;
  for (sa_index c = 0; c < f->channels; c++) mean[c] = m2[c] = 0;
  for (sa_index block = 0; block < f->blocks; block++) {
    const float *partial = f->partial + (image * f->blocks + block) * 2 * sa_padded(f->channels);
    sa_index before = block * f->block_rows, size = sa_least(f->block_rows, f->rows - before);
    sa_merge_block(mean, m2, partial, partial + sa_padded(f->channels), before, size, f->channels);
  }
}

/// One image: adds its blocks in order.
static void merge_sums(void *argument, sa_index image, int thread) {
  (void)thread;
  merge_context *f = argument;
  double *sums = f->mean + image * f->channels, *products = f->m2 + image * f->channels;
  for (sa_index c = 0; c < f->channels; c++) sums[c] = products[c] = 0;
  for (sa_index block = 0; block < f->blocks; block++) {
    const float *partial = f->partial + (image * f->blocks + block) * 2 * sa_padded(f->channels);
    for (sa_index c = 0; c < f->channels; c++) {
      sums[c] += (double)partial[c];
      products[c] += (double)partial[sa_padded(f->channels) + c];
    }
  }
}

enum { FEWEST_FUSED_PIXELS = 24 };

bool sa_gemm_fuses_moments(sa_conv_plan plan) { return plan.output_height * plan.output_width >= FEWEST_FUSED_PIXELS; }

static void split_rows(context *f, sa_index images) {
  f->units = f->partials ? images : 1;
  f->unit_rows = f->phase->height * f->phase->width * (f->partials ? 1 : images);
  sa_index blocks = sa_ceil_div(f->unit_rows, SA_BLOCK_ROWS), rows = f->kernels->rows;
  f->block_rows = sa_least(SA_BLOCK_ROWS, sa_ceil_div(sa_ceil_div(f->unit_rows, sa_most(1, blocks)), rows) * rows);
  f->unit_blocks = f->block_rows ? sa_ceil_div(f->unit_rows, f->block_rows) : 0;
}

static void split_depth(context *f) {
  sa_index channels = f->gather.source_channels, parts = sa_ceil_div(channels, SA_BLOCK_DEPTH);
  f->channels_per_chunk = sa_padded(sa_ceil_div(channels, parts));
  f->taps_per_chunk = parts > 1 ? 1 : sa_most(1, SA_BLOCK_DEPTH / sa_padded(channels));
}

/// Pieces of a few million operations; columns are split too where there are few pixels.
static void split_pieces(context *f) {
  double block_work = 2.0 * (double)(f->block_rows * f->columns_padded) * (double)(f->gather.source_channels * f->phase->tap_count);
  f->column_pieces = 1;
  while (f->column_pieces < f->panels && f->units * f->unit_blocks * f->column_pieces < 16 && block_work / (double)f->column_pieces > 1e5)
    f->column_pieces++;
  f->panels_per_piece = sa_ceil_div(f->panels, f->column_pieces);
  f->column_pieces = sa_ceil_div(f->panels, f->panels_per_piece);
  f->blocks_per_piece = 1;
  while (f->blocks_per_piece * 32 < f->units * f->unit_blocks && block_work * (double)f->blocks_per_piece < 4e6) f->blocks_per_piece++;
  f->range_pieces = sa_ceil_div(f->unit_blocks, f->blocks_per_piece);
}

static sa_index thread_scratch(sa_conv_plan plan) {
  sa_gather gather = sa_gather_make(plan);
  context f = {.gather = gather};
  split_depth(&f);
  sa_index pointers = f.taps_per_chunk * SA_BLOCK_ROWS * 2;
  sa_index copies = plan.purpose == SA_CONV_FORWARD ? f.taps_per_chunk * SA_BLOCK_ROWS * f.channels_per_chunk : 0;
  return sa_ceil_div(pointers + copies, 16) * 16;
}

static sa_index moment_scratch(sa_conv_plan plan, sa_index images) {
  if (plan.purpose != SA_CONV_FORWARD || !sa_gemm_fuses_moments(plan)) return 0;
  sa_index pixels = plan.output_height * plan.output_width;
  return images * (pixels / (SA_BLOCK_ROWS / 2) + 1) * 2 * sa_padded(plan.geometry.output_channels);
}

sa_index sa_gemm_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  return thread_scratch(plan) * threads + moment_scratch(plan, images);
}

static sa_index finish_scratch(sa_conv_plan plan) { return thread_scratch(plan) + SA_BLOCK_ROWS * SA_GRADIENT_COLUMNS; }

bool sa_conv_takes_gradient_epilogue(sa_conv_plan plan, bool scaled) {
  sa_conv_geometry g = plan.geometry;
  bool is_pointwise = g.kernel_height * g.kernel_width == 1 && g.stride == 1 && g.groups == 1
      && g.pad_top + g.pad_left + g.pad_bottom + g.pad_right == 0;
  return plan.purpose == SA_CONV_BACKWARD_DATA && plan.algorithm == SA_CONV_GEMM && is_pointwise && sa_gemm_fuses_moments(plan)
      && (!scaled || g.output_channels <= SA_BLOCK_DEPTH);
}

sa_index sa_conv_gradient_epilogue_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  sa_index blocks = plan.output_height * plan.output_width / (SA_BLOCK_ROWS / 2) + 1;
  return finish_scratch(plan) * threads + images * blocks * 2 * sa_padded(plan.geometry.input_channels);
}

static void run(context f, sa_conv_plan plan, sa_pool *pool) {
  f.gather = sa_gather_make(plan);
  f.kernels = sa_gemm_kernels_for(plan.instruction_set);
  f.columns_padded = sa_gemm_padded_columns(f.kernels, f.gather.columns);
  f.panels = sa_ceil_div(f.columns_padded, sa_gemm_panel(f.kernels));
  if (f.epilogue.moments_mean || f.finish) f.partials = f.scratch + f.scratch_per_thread * sa_pool_threads(pool);
  split_depth(&f);
  for (sa_index index = 0; index < f.gather.phases * f.gather.phases; index++) {
    sa_phase phase;
    sa_gather_phase(&phase, &f.gather, index, f.columns_padded);
    if (phase.height <= 0 || phase.width <= 0 || (phase.tap_count == 0 && f.mode == SA_ACCUMULATES)) continue;
    f.phase = &phase;
    split_rows(&f, f.destination.n);
    split_pieces(&f);
    sa_pool_run(pool, gemm(plan.instruction_set), &f, plan.geometry.groups * f.column_pieces * f.units * f.range_pieces);
  }
  if (!f.partials) return;
  merge_context merge = {f.epilogue.moments_mean, f.epilogue.moments_m2, f.partials, f.destination.c, f.unit_blocks, f.block_rows,
      f.unit_rows};
  if (f.finish) merge.mean = f.finish->sum_dz, merge.m2 = f.finish->sum_dz_x;
  sa_pool_run(pool, f.finish ? merge_sums : merge_moments, &merge, f.destination.n);
}

void sa_gemm_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = {
      .destination = destination, .source = source, .packed = packed, .epilogue = epilogue, .prologue = prologue, .mode = mode,
      .scratch = scratch, .scratch_per_thread = thread_scratch(plan)};
  run(f, plan, pool);
}

void sa_conv_backward_data_finished(
    sa_map input_gradient, sa_map output_gradient, const float *packed, sa_write_mode mode, sa_gradient_epilogue epilogue,
    sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = {
      .destination = input_gradient, .source = output_gradient, .packed = packed, .mode = mode, .finish = &epilogue, .scratch = scratch,
      .scratch_per_thread = finish_scratch(plan)};
  run(f, plan, pool);
}
