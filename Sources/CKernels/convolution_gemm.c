// Convolution as a gathered matrix product.
//
// Blocking: up to 60 pixels x 512 of the sum's depth stay in L2 while panels of 64 (AVX-512) or 16 (AVX2) columns stream past; the
// micro-kernel reads pixels in place through row pointers (a zero vector outside the image), so nothing is copied unless a prologue
// changes it. Pieces are (group, columns, image, blocks of pixels).
//
// One core of a Zen 4 (118 GFLOP/s): ResNet-50's 1x1 layers at batch 1 105-116 GFLOP/s, strided 3x3 112; the reference 0.5.
#include "convolution_gemm.h"

#include <string.h>

#include "block_moments.h"
#include "gather.h"

static float zeros[SA_MOST_ZEROS] __attribute__((aligned(64)));

typedef struct {
  sa_map destination, source;
  const float *packed;
  sa_conv_epilogue epilogue;
  sa_prologue prologue;
  sa_write_mode mode;
  sa_gather gather;
  const sa_phase *phase;
  const sa_gemm_kernels *kernels;
  sa_index columns_padded, panels, panels_per_piece, column_pieces;
  sa_index units, unit_rows, block_rows, unit_blocks, blocks_per_piece, range_pieces;
  sa_index taps_per_chunk, channels_per_chunk;
  float *scratch;
  sa_index scratch_per_thread;
  float *partial_moments;  // [image][block][mean, m2][padded channels]
} context;

/// The pixels of one block: where each is written, and where it lies.
typedef struct {
  sa_index count, image[SA_BLOCK_ROWS], row[SA_BLOCK_ROWS], column[SA_BLOCK_ROWS];
  sa_index first_row, last_row, first_column, last_column;  // the least and greatest
  const float *source[SA_BLOCK_ROWS];                      // at row and column * step: where an offset of 0 reads
  float *out[SA_BLOCK_ROWS];
  const float *residual[SA_BLOCK_ROWS];
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
  float *out[SA_GEMM_MOST_ROWS];
  const float *residual[SA_GEMM_MOST_ROWS];
  for (sa_index r = 0; r < rows->count; r += kernels->rows) {
    int count = (int)sa_least(kernels->rows, rows->count - r);
    for (int i = 0; i < count; i++) {
      out[i] = rows->out[r + i] + first;
      residual[i] = rows->residual[r + i] ? rows->residual[r + i] + first : NULL;
    }
    tile.out = out;
    tile.residual = residual[0] ? residual : NULL;
    tile.a = pointers + r;
    kernels->function[count - 1][width / kernels->width - 1](&tile);
  }
}

SA_BODY run_block(const context *f, float *scratch, sa_index group, sa_index unit, sa_index block, sa_index first_panel,
    sa_index last_panel) {
  block_rows rows;
  locate_rows(&rows, f, group, unit, block * f->block_rows);
  bound_rows(&rows);
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
            .add_previous = !first_chunk || f->mode == SA_ACCUMULATES};
        run_panel(&rows, pointers, f, group, panel, tile, last);
        if (last && f->partial_moments) {
          sa_index padded = sa_padded(f->destination.c), start = group * f->gather.columns + first;
          float *mean = f->partial_moments + (unit * f->unit_blocks + block) * 2 * padded + start;
          sa_block_moments(
              mean, mean + padded, rows.out[0] + first, f->destination.pixel_stride, rows.count,
              sa_least(width, sa_padded(f->gather.columns) - first));
        }
      }
      first_chunk = false;
    }
  }
}

SA_BODY gemm_body(void *argument, sa_index piece, int thread) {
  const context *f = argument;
  sa_index range = piece % f->range_pieces, rest = piece / f->range_pieces;
  sa_index unit = rest % f->units, column_piece = rest / f->units % f->column_pieces, group = rest / f->units / f->column_pieces;
  sa_index first_panel = column_piece * f->panels_per_piece, last_panel = sa_least(first_panel + f->panels_per_piece, f->panels);
  sa_index first = range * f->blocks_per_piece, last = sa_least(first + f->blocks_per_piece, f->unit_blocks);
  for (sa_index block = first; block < last; block++)
    run_block(f, f->scratch + thread * f->scratch_per_thread, group, unit, block, first_panel, last_panel);
}
SA_THREAD_VARIANTS(gemm)

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

enum { FEWEST_FUSED_PIXELS = 24 };

bool sa_gemm_fuses_moments(sa_conv_plan plan) { return plan.output_height * plan.output_width >= FEWEST_FUSED_PIXELS; }

static void split_rows(context *f, sa_index images) {
  f->units = f->partial_moments ? images : 1;
  f->unit_rows = f->phase->height * f->phase->width * (f->partial_moments ? 1 : images);
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

void sa_gemm_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = {
      .destination = destination, .source = source, .packed = packed, .epilogue = epilogue, .prologue = prologue, .mode = mode,
      .gather = sa_gather_make(plan), .kernels = sa_gemm_kernels_for(plan.instruction_set), .scratch = scratch,
      .scratch_per_thread = thread_scratch(plan)};
  f.columns_padded = sa_gemm_padded_columns(f.kernels, f.gather.columns);
  f.panels = sa_ceil_div(f.columns_padded, sa_gemm_panel(f.kernels));
  if (epilogue.moments_mean) f.partial_moments = scratch + f.scratch_per_thread * sa_pool_threads(pool);
  split_depth(&f);
  for (sa_index index = 0; index < f.gather.phases * f.gather.phases; index++) {
    sa_phase phase;
    sa_gather_phase(&phase, &f.gather, index, f.columns_padded);
    if (phase.height <= 0 || phase.width <= 0 || (phase.tap_count == 0 && mode == SA_ACCUMULATES)) continue;
    f.phase = &phase;
    split_rows(&f, destination.n);
    split_pieces(&f);
    sa_pool_run(pool, gemm(plan.instruction_set), &f, plan.geometry.groups * f.column_pieces * f.units * f.range_pieces);
  }
  if (!f.partial_moments) return;
  merge_context merge = {epilogue.moments_mean, epilogue.moments_m2, f.partial_moments, destination.c, f.unit_blocks, f.block_rows,
      f.unit_rows};
  sa_pool_run(pool, merge_moments, &merge, destination.n);
}
