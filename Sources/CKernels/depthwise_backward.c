// The backward pass of a depthwise convolution with its neighbours' normalizations, each map read or written once.
//
// Blocking: pieces are (image, band of about 2048 input pixels, channels), so that memory is walked through in order: channels are parted
// only where there are few pieces, or rows that don't fit in L2. Rows of the output's gradient pass through a ring, where the
// normalization's backward pass and the mask are applied once; ring and row buffers hold blocks of 32 channels apart. An input row meets
// kernel rows and columns whose distance the stride divides; columns fall into `stride` phases that meet the same taps, so that no zero is
// multiplied. Each loaded gradient is used twice, for dx and for the weight gradient, whose sums stay in registers along a row, in float
// along about 1024 pixels, in double beyond.
//
// Two cores of a Zen 4, MobileNetV2's layers at batch 16: 1.6 times as fast as the four steps apart at 144 channels of 56x56. One core of an
// Emerald Rapids, one image: 11-17 GB/s, 1.4 times the speed in vectors of 8; at batch 16 memory bounds it. Stores of dx past the caches
// save 5 % here and cost the steps that read it more.
#include "depthwise.h"
#include "depthwise_backward.h"
#include "depthwise_ring.h"

enum {
  MOST_KERNEL = 15, BAND_PIXELS = 2048, FLOAT_PIXELS = 1024, SUM_PIXELS = 64, LANES = SA_RING_LANES, MOST_WIDTH = 1024, LEAST_WIDTH = 64,
  GROUP = 8, FLOATS_AHEAD = 1024, WANTED_PIECES = 8, MOST_SCRATCH = 160 << 10
};

/// The input columns `first`, `first + stride`, ... and the taps they meet: column `first + m * stride` reads ring column
/// `position + m - offset` at each.
typedef struct {
  sa_index first, count, position;
  sa_index tap_count, tap[MOST_KERNEL], offset[MOST_KERNEL];
} phase;

typedef struct {
  sa_depthwise_backward job;
  sa_conv_plan plan;
  sa_index parts, width, bands, band_rows, scratch_per_thread;  // channels fall into parts of `width`
  sa_index slots, columns, start;  // of the ring; column 0 is gradient column `start`
  float *scratch;
  double *partial_weights;  // [image][band][part][tap][width]
  double *partial_sums;     // [image][band][2][padded channels]
} context;

/// A piece at work.
typedef struct {
  sa_index image, first, lanes;
  float a[MOST_WIDTH], b[MOST_WIDTH], c[MOST_WIDTH];               // of the gradient
  float mask_scale[MOST_WIDTH], mask_shift[MOST_WIDTH];            // of its mask
  float scale[MOST_WIDTH], shift[MOST_WIDTH], center[MOST_WIDTH];  // of x
  sa_index held[SA_RING_MOST_ROWS];
  float *ring, *x_row, *dx_row, *weights;  // weights [tap][width]
  float sums[2][MOST_WIDTH];
} piece_state;

/// Where lane `i` of a column stands in rows of [block of 32 channels][column][32].
SA_INLINE sa_index place(sa_index i, sa_index column, sa_index columns) { return (i / LANES * columns + column) * LANES + i % LANES; }

/// Floats from a pixel to the one that is fetched meanwhile.
SA_INLINE sa_index ahead(sa_map map, sa_index lanes) { return (FLOATS_AHEAD / lanes + 1) * map.pixel_stride; }

#define WIDTH 16
#include "depthwise_backward_lanes.h"
#undef WIDTH
#define WIDTH 8
#include "depthwise_backward_lanes.h"
#undef WIDTH

SA_BODY fill_row(float *to, const piece_state *s, const context *f, sa_index row, const int lanes, const sa_activation activation) {
  // Columns further right meet no input pixel.
  sa_index end = sa_least(f->job.dy.w, f->columns + f->start);
  for (sa_index column = 0; column < end; column += GROUP) {
    sa_index count = sa_least(GROUP, end - column);
    SA_IN_VECTORS(fill, lanes, s->lanes, to, s, f, row, column, count, activation);
  }
}

/// Row `row` of the convolution output's gradient.
SA_INLINE const float *gradient_row(piece_state *s, const context *f, sa_index row, const int lanes) {
  sa_index slot = row % f->slots;
  float *copy = s->ring + slot * f->columns * f->width;
  if (s->held[slot] == row) return copy;
  s->held[slot] = row;
  switch (f->job.mask.activation) {
    case SA_RELU: fill_row(copy, s, f, row, lanes, SA_RELU); break;
    case SA_RELU6: fill_row(copy, s, f, row, lanes, SA_RELU6); break;
    default: fill_row(copy, s, f, row, lanes, SA_NO_ACTIVATION); break;
  }
  return copy;
}

/// The activated input row.
SA_BODY read_input(piece_state *s, const context *f, sa_index row, const int lanes) {
  for (sa_index column = 0; column < f->job.x.w; column += GROUP)
    SA_IN_VECTORS(read, lanes, s->lanes, s, f, row, column, sa_least(GROUP, f->job.x.w - column));
}

/// All kernel rows that meet an input row, and all taps of a phase, in groups that fit in registers.
SA_BODY meet_all(
    piece_state *s, const context *f, const float *const *gradients, const sa_index *kernel_rows, sa_index rows, const phase *p,
    const int lanes, const bool weights) {
  bool adds = false;
  for (sa_index u = 0; u < rows;) {
    sa_index row_group = p->tap_count > 3 ? 1 : sa_least(3, rows - u);
    for (sa_index t = 0; t < p->tap_count;) {
      sa_index tap_group = sa_least(p->tap_count - t, p->tap_count > 3 ? 5 : 3);
      if (tap_group == 4) tap_group = 3;
#define MEET(ROWS, TAPS)                                                                                                  \
  case (ROWS) * 8 + (TAPS):                                                                                               \
    if (adds) SA_IN_VECTORS(meet, lanes, s->lanes, s, f, gradients + u, kernel_rows + u, p, t, ROWS, TAPS, weights, true); \
    else SA_IN_VECTORS(meet, lanes, s->lanes, s, f, gradients + u, kernel_rows + u, p, t, ROWS, TAPS, weights, false);    \
    break
      switch (row_group * 8 + tap_group) {
        MEET(1, 1);
        MEET(1, 2);
        MEET(1, 3);
        MEET(1, 5);
        MEET(2, 1);
        MEET(2, 2);
        MEET(2, 3);
        MEET(3, 1);
        MEET(3, 2);
        MEET(3, 3);
      }
      adds = true;
      t += tap_group;
    }
    u += row_group;
  }
  if (adds) return;
  for (sa_index m = 0; m < p->count; m++)
    for (sa_index i = 0; i < s->lanes; i++) s->dx_row[place(i, p->first + m * f->plan.geometry.stride, f->job.dx.w)] = 0;
}

/// Stores a row of dx, and takes it and x into the sums.
SA_BODY store_row(piece_state *s, const context *f, sa_index row, const int lanes, const sa_activation activation, const bool sums) {
  for (sa_index column = 0; column < f->job.dx.w; column += GROUP)
    SA_IN_VECTORS(put, lanes, s->lanes, s, f, row, column, sa_least(GROUP, f->job.dx.w - column), activation, sums);
}

/// Adds floats to doubles and clears them.
SA_BODY flush(double *to, float *from, sa_index count) {
  for (sa_index i = 0; i < count; i++) {
    to[i] += (double)from[i];
    from[i] = 0;
  }
}

static void find_phases(phase *phases, sa_conv_geometry g, sa_index start) {
  for (sa_index index = 0; index < g.stride; index++) {
    phase *p = phases + index;
    p->first = ((index - g.pad_left) % g.stride + g.stride) % g.stride;
    p->count = p->first < g.input_width ? (g.input_width - p->first - 1) / g.stride + 1 : 0;
    p->position = (p->first + g.pad_left - index) / g.stride - start;
    p->tap_count = 0;
    for (sa_index v = 0; v < g.kernel_width; v++) {
      if ((v * g.dilation - index) % g.stride != 0) continue;
      p->tap[p->tap_count] = v;
      p->offset[p->tap_count++] = (v * g.dilation - index) / g.stride;
    }
  }
}

SA_BODY begin(piece_state *s, const context *f, float *scratch) {
  const sa_depthwise_backward *job = &f->job;
  sa_index inside = sa_least(s->lanes, job->dy.c - s->first), at = s->image * job->coefficients.image_stride + s->first;
  sa_gather_affine(s->mask_scale, s->mask_shift, job->mask.affine, s->image, s->first, s->lanes, job->dy.c);
  sa_gather_affine(s->scale, s->shift, job->prologue.affine, s->image, s->first, s->lanes, job->dy.c);
  for (sa_index i = 0; i < f->width; i++) {
    s->a[i] = i >= inside ? 0 : job->coefficients.a ? job->coefficients.a[at + i] : 1;
    s->b[i] = i >= inside || !job->coefficients.b ? 0 : job->coefficients.b[at + i];
    s->c[i] = i >= inside || !job->coefficients.c ? 0 : job->coefficients.c[at + i];
    s->center[i] = i >= inside || !job->center ? 0 : job->center[s->image * job->center_image_stride + s->first + i];
    s->sums[0][i] = s->sums[1][i] = 0;
  }
  s->ring = scratch;
  s->x_row = s->ring + f->slots * f->columns * f->width;
  s->dx_row = s->x_row + job->dx.w * f->width;
  s->weights = s->dx_row + job->dx.w * f->width;
  for (sa_index i = 0; i < f->plan.geometry.kernel_height * f->plan.geometry.kernel_width * f->width; i++) s->weights[i] = 0;
  for (sa_index slot = 0; slot < f->slots; slot++) s->held[slot] = -1;
  // Zeros around rows, which are read between them.
  for (sa_index x = 0; x < f->columns; x++)
    for (sa_index slot = 0; (x + f->start < 0 || x + f->start >= job->dy.w) && slot < f->slots; slot++)
      for (sa_index i = 0; i < s->lanes; i += 8)
        SA_STORE8(s->ring + slot * f->columns * f->width + place(i, x, f->columns), (sa_v8){0});
}

SA_BODY backward_row(piece_state *s, const context *f, const phase *phases, sa_index row, const int lanes) {
  sa_conv_geometry g = f->plan.geometry;
  const float *gradients[MOST_KERNEL];
  sa_index kernel_rows[MOST_KERNEL], count = 0;
  for (sa_index u = 0; u < g.kernel_height; u++) {
    sa_index position = row + g.pad_top - u * g.dilation;
    if (position < 0 || position % g.stride != 0 || position / g.stride >= f->job.dy.h) continue;
    gradients[count] = gradient_row(s, f, position / g.stride, lanes);
    kernel_rows[count++] = u;
  }
  if (f->job.weight_gradient) read_input(s, f, row, lanes);
  for (sa_index index = 0; index < g.stride; index++) {
    if (f->job.weight_gradient) meet_all(s, f, gradients, kernel_rows, count, phases + index, lanes, true);
    else meet_all(s, f, gradients, kernel_rows, count, phases + index, lanes, false);
  }
  if (!f->job.sum_dz) store_row(s, f, row, lanes, SA_NO_ACTIVATION, false);
  else if (f->job.prologue.activation == SA_RELU6) store_row(s, f, row, lanes, SA_RELU6, true);
  else if (f->job.prologue.activation == SA_RELU) store_row(s, f, row, lanes, SA_RELU, true);
  else store_row(s, f, row, lanes, SA_NO_ACTIVATION, true);
}

SA_BODY backward_body(void *argument, sa_index piece, int thread, const int lanes) {
  const context *f = argument;
  sa_conv_geometry g = f->plan.geometry;
  sa_index at = piece / f->parts, band = at % f->bands, area = g.kernel_height * g.kernel_width;
  piece_state s;
  s.image = at / f->bands;
  s.first = piece % f->parts * f->width;
  s.lanes = sa_least(f->width, sa_padded(g.groups) - s.first);
  begin(&s, f, f->scratch + thread * f->scratch_per_thread);
  phase phases[SA_RING_MOST_ROWS];
  find_phases(phases, g, f->start);
  double sums[2][MOST_WIDTH] = {{0}}, *weights = f->partial_weights + piece * area * f->width;
  for (sa_index i = 0; f->job.weight_gradient && i < area * f->width; i++) weights[i] = 0;
  sa_index top = band * f->band_rows, bottom = sa_least(top + f->band_rows, g.input_height), summed = 0, weighed = 0;
  for (sa_index row = top; row < bottom; row++) {
    backward_row(&s, f, phases, row, lanes);
    summed += g.input_width;
    weighed += g.input_width;
    bool last = row + 1 == bottom;
    if (f->job.sum_dz && (last || summed >= SUM_PIXELS)) {
      flush(sums[0], s.sums[0], s.lanes);
      flush(sums[1], s.sums[1], s.lanes);
      summed = 0;
    }
    if (f->job.weight_gradient && (last || weighed >= FLOAT_PIXELS)) {
      flush(weights, s.weights, area * f->width);
      weighed = 0;
    }
  }
  sa_index padded = sa_padded(g.groups);
  for (sa_index i = 0; f->job.sum_dz && i < s.lanes; i++) {
    f->partial_sums[at * 2 * padded + s.first + i] = sums[0][i];
    f->partial_sums[(at * 2 + 1) * padded + s.first + i] = sums[1][i];
  }
}
SA_WIDTH_VARIANTS(backward)

/// One tap of one part of the channels: adds the images' bands in order.
SA_BODY add_weights_body(void *argument, sa_index piece) {
  const context *f = argument;
  sa_index area = f->plan.geometry.kernel_height * f->plan.geometry.kernel_width, part = piece / area, tap = piece % area;
  double sums[MOST_WIDTH] = {0};
  for (sa_index at = 0; at < f->job.dy.n * f->bands; at++) {
    const double *partial = f->partial_weights + ((at * f->parts + part) * area + tap) * f->width;
    for (sa_index i = 0; i < f->width; i++) sums[i] += partial[i];
  }
  for (sa_index i = 0; i < f->width && part * f->width + i < f->job.dy.c; i++)
    f->job.weight_gradient[(part * f->width + i) * area + tap] = (float)sums[i];
}
SA_VARIANTS(add_weights)

/// One image: adds its bands in order.
static void add_sums(void *argument, sa_index image, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index channels = f->job.dy.c, padded = sa_padded(channels);
  double *plain = f->job.sum_dz + image * channels, *products = f->job.sum_dz_x + image * channels;
  for (sa_index c = 0; c < channels; c++) {
    plain[c] = products[c] = 0;
    for (sa_index band = 0; band < f->bands; band++) {
      plain[c] += f->partial_sums[(image * f->bands + band) * 2 * padded + c];
      products[c] += f->partial_sums[((image * f->bands + band) * 2 + 1) * padded + c];
    }
  }
}

/// Channels are independent of each other: into how many parts they fall changes no bit.
static context make_context(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = plan.geometry;
  context f = {.plan = plan};
  f.band_rows = sa_most(1, BAND_PIXELS / g.input_width);
  f.bands = sa_ceil_div(g.input_height, f.band_rows);
  f.slots = ((g.kernel_height - 1) * g.dilation) / g.stride + 1;
  f.start = -((g.kernel_width - 1) * g.dilation / g.stride);
  f.columns = (g.input_width - 1 + g.pad_left) / g.stride + 1 - f.start;
  sa_index columns = f.slots * f.columns + 2 * g.input_width + g.kernel_height * g.kernel_width;
  for (sa_index wanted = sa_ceil_div(g.groups, MOST_WIDTH);; wanted++) {
    f.width = sa_ceil_div(sa_ceil_div(g.groups, wanted), LANES) * LANES;
    f.parts = sa_ceil_div(g.groups, f.width);
    if (f.width <= LEAST_WIDTH || (images * f.bands * f.parts >= WANTED_PIECES && columns * f.width <= MOST_SCRATCH)) break;
  }
  f.scratch_per_thread = columns * f.width;
  return f;
}

sa_index sa_depthwise_backward_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan, images);
  sa_index weights = images * f.bands * f.parts * plan.geometry.kernel_height * plan.geometry.kernel_width * f.width;
  return f.scratch_per_thread * threads + 2 * (weights + images * f.bands * 2 * sa_padded(plan.geometry.groups));
}

void sa_depthwise_backward_run(sa_depthwise_backward job, sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = make_context(plan, job.dy.n);
  f.job = job;
  f.scratch = scratch;
  f.partial_sums = (double *)(void *)(scratch + f.scratch_per_thread * sa_pool_threads(pool));
  f.partial_weights = f.partial_sums + job.dy.n * f.bands * 2 * sa_padded(plan.geometry.groups);
  sa_pool_run(pool, backward(plan.instruction_set), &f, job.dy.n * f.bands * f.parts);
  if (job.weight_gradient) sa_pool_run(pool, add_weights(), &f, f.parts * plan.geometry.kernel_height * plan.geometry.kernel_width);
  if (job.sum_dz) sa_pool_run(pool, add_sums, &f, job.dy.n);
}
