// Depthwise output and input gradient.
//
// Blocking: pieces are (image, band of about 1024 pixels, 32 channels); the band's source rows pass through a ring in L1/L2. Windows are
// computed four columns at a time, eight in vectors of 16, with everything but the loads in registers. The input gradient is the same loop
// over spread-out gradient rows with the kernel turned around: rows that a stride skips are left out, columns it skips are zeros in the
// ring.
//
// One core of a Zen 4: MobileNetV2's layers 34-40 GFLOP/s at stride 1, 10-18 GB/s; the reference 0.5 GFLOP/s. One core of an Emerald
// Rapids, with prologue and moments, one image: 20-32 GFLOP/s at stride 1, 9-16 GB/s, 1.6-2.0 times the speed in vectors of 8; maps that
// come from memory 1.2-1.5 times.
#include "depthwise.h"

#include "block_moments.h"
#include "depthwise_ring.h"
#include "depthwise_windows.h"

enum { MOMENT_PIXELS = 64 };

typedef struct {
  sa_map destination;
  const float *packed;
  sa_conv_epilogue epilogue;
  sa_affine affine;
  sa_write_mode mode;
  sa_conv_plan plan;
  sa_ring ring;
  sa_index chunks, bands, band_rows, scratch_per_thread;
  float *scratch;
  double *partial_moments;  // [image][band][mean, m2][padded channels]
} context;

bool sa_depthwise_fits(sa_conv_geometry g) {
  return g.groups > 1 && g.groups == g.input_channels && g.groups == g.output_channels && g.kernel_height <= SA_MOST_WINDOW
      && g.kernel_width <= SA_MOST_WINDOW && (g.kernel_height - 1) * g.dilation + 1 <= SA_RING_MOST_ROWS;
}

sa_index sa_depthwise_packed_floats(sa_conv_plan plan) {
  sa_conv_geometry g = plan.geometry;
  return sa_ceil_div(g.groups, SA_RING_LANES) * SA_RING_LANES * g.kernel_height * g.kernel_width;
}

/// [chunk of 32 channels][row][column][channel]; columns turned around for the input gradient.
void sa_depthwise_pack(float *packed, const float *weight, sa_conv_plan plan) {
  sa_conv_geometry g = plan.geometry;
  for (sa_index chunk = 0; chunk < sa_ceil_div(g.groups, SA_RING_LANES); chunk++)
    for (sa_index u = 0; u < g.kernel_height; u++)
      for (sa_index v = 0; v < g.kernel_width; v++)
        for (sa_index i = 0; i < SA_RING_LANES; i++) {
          sa_index c = chunk * SA_RING_LANES + i, column = plan.purpose == SA_CONV_BACKWARD_DATA ? g.kernel_width - 1 - v : v;
          *packed++ = c < g.groups ? weight[(c * g.kernel_height + u) * g.kernel_width + column] : 0;
        }
}

/// The ring rows and kernel rows that meet in destination row `row`.
SA_BODY meeting_rows(sa_window_rows *rows, sa_ring *ring, const context *f, const float *kernel, sa_index row, const int lanes) {
  sa_conv_geometry g = f->plan.geometry;
  rows->count = 0;
  for (sa_index u = 0; u < g.kernel_height; u++) {
    sa_index source = row * g.stride - g.pad_top + u * g.dilation;
    if (f->plan.purpose == SA_CONV_BACKWARD_DATA) {
      sa_index position = row + g.pad_top - u * g.dilation;
      source = position >= 0 && position % g.stride == 0 ? position / g.stride : -1;
    }
    if (source < 0 || source >= ring->source.h) continue;
    rows->row[rows->count] = sa_ring_row(ring, source, lanes);
    rows->weights[rows->count++] = kernel + u * g.kernel_width * SA_RING_LANES;
  }
}

/// Takes `pixels` pixels into the moments of the `before` pixels before them.
SA_BODY add_moments(
    const context *f, double *mean, double *m2, const float *y, sa_index pixels, sa_index channels, sa_index before, const int lanes) {
  for (sa_index j = 0; j < pixels; j += MOMENT_PIXELS) {
    sa_index size = sa_least(MOMENT_PIXELS, pixels - j);
    float block_mean[SA_RING_LANES], block_m2[SA_RING_LANES];
    sa_block_moments(block_mean, block_m2, y + j * f->destination.pixel_stride, f->destination.pixel_stride, size, channels, lanes);
    sa_merge_block(mean, m2, block_mean, block_m2, before + j, size, channels);
  }
}

SA_BODY depthwise_body(void *argument, sa_index piece, int thread, const int lanes) {
  const context *f = argument;
  sa_conv_geometry g = f->plan.geometry;
  sa_index chunk = piece % f->chunks, band = piece / f->chunks % f->bands, image = piece / f->chunks / f->bands;
  sa_index first = chunk * SA_RING_LANES, width = f->destination.w;
  sa_ring ring = f->ring;
  ring.rows = f->scratch + thread * f->scratch_per_thread;
  ring.stored_stride = f->destination.pixel_stride;
  ring.stored_columns = width;
  sa_ring_begin(&ring, f->affine, image, first);
  float scale[SA_RING_LANES], shift[SA_RING_LANES];
  sa_window_finish after = {.scale = scale, .shift = shift, .activation = f->epilogue.activation};
  sa_gather_affine(scale, shift, (sa_affine){f->epilogue.scale, f->epilogue.shift, 0}, 0, first, ring.lanes, f->destination.c);
  const float *kernel = f->packed + first * g.kernel_height * g.kernel_width;
  double mean[SA_RING_LANES] = {0}, m2[SA_RING_LANES] = {0};
  sa_index top = band * f->band_rows, bottom = sa_least(top + f->band_rows, f->destination.h), summed = 0;
  for (sa_index row = top; row < bottom; row++) {
    sa_window_rows rows = {.lanes = ring.lanes};
    float *y = sa_pixel(f->destination, image, row * width) + first;
    ring.stored = y;
    meeting_rows(&rows, &ring, f, kernel, row, lanes);
    if (f->epilogue.residual.data) {
      after.residual = sa_pixel(f->epilogue.residual, image, row * width) + first;
      after.residual_stride = f->epilogue.residual.pixel_stride;
    } else if (f->mode == SA_ACCUMULATES) {
      after.residual = y;
      after.residual_stride = f->destination.pixel_stride;
    }
    sa_index step = f->plan.purpose == SA_CONV_BACKWARD_DATA ? 1 : g.stride;
    sa_window_row(y, f->destination.pixel_stride, width, &rows, lanes, g.kernel_width, step, g.dilation, SA_RING_LANES, &after);
    if (!f->partial_moments) continue;
    // Rows are summed together while they fit in a block.
    sa_index pixels = (row + 1 - top) * width - summed;
    if (row + 1 < bottom && pixels + width <= MOMENT_PIXELS) continue;
    add_moments(f, mean, m2, y + (width - pixels) * f->destination.pixel_stride, pixels, ring.lanes, summed, lanes);
    summed += pixels;
  }
  if (!f->partial_moments) return;
  sa_index padded = sa_padded(f->destination.c);
  double *partial = f->partial_moments + (image * f->bands + band) * 2 * padded + first;
  for (sa_index i = 0; i < ring.lanes; i++) {
    partial[i] = mean[i];
    partial[padded + i] = m2[i];
  }
}
SA_WIDTH_VARIANTS(depthwise)

/// One image: merges its bands in order.
static void merge_bands(void *argument, sa_index image, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index channels = f->destination.c, padded = sa_padded(channels);
  double *mean = f->epilogue.moments_mean + image * channels, *m2 = f->epilogue.moments_m2 + image * channels;
  for (sa_index c = 0; c < channels; c++) mean[c] = m2[c] = 0;
  for (sa_index band = 0; band < f->bands; band++) {
    const double *partial = f->partial_moments + (image * f->bands + band) * 2 * padded;
    sa_index before = band * f->band_rows * f->destination.w;
    sa_index size = sa_least(f->band_rows, f->destination.h - band * f->band_rows) * f->destination.w;
    double weight = (double)size / (double)(before + size), cross = (double)before * weight;
    for (sa_index c = 0; c < channels; c++) {
      double d = partial[c] - mean[c];
      mean[c] += d * weight;
      m2[c] += partial[padded + c] + d * d * cross;
    }
  }
}

static context make_context(sa_conv_plan plan) {
  sa_conv_geometry g = plan.geometry;
  bool backward = plan.purpose == SA_CONV_BACKWARD_DATA;
  context f = {.plan = plan, .chunks = sa_ceil_div(g.groups, SA_RING_LANES)};
  sa_index height = backward ? g.input_height : plan.output_height, width = backward ? g.input_width : plan.output_width;
  f.band_rows = sa_band_rows(width);
  f.bands = sa_ceil_div(height, f.band_rows);
  sa_index reach = (g.kernel_width - 1) * g.dilation;
  f.ring.columns = backward ? width + reach : (width - 1) * g.stride + reach + 1;
  f.ring.start = backward ? g.pad_left - reach : -g.pad_left;
  f.ring.spread = backward ? g.stride : 1;
  f.ring.slots = (g.kernel_height - 1) * g.dilation + 1;
  f.scratch_per_thread = f.ring.slots * f.ring.columns * SA_RING_LANES;
  return f;
}

sa_index sa_depthwise_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  context f = make_context(plan);
  sa_index partial = plan.purpose == SA_CONV_FORWARD ? images * f.bands * 2 * sa_padded(plan.geometry.groups) * 2 : 0;
  if (plan.purpose == SA_CONV_BACKWARD_WEIGHTS)
    partial = images * f.bands * f.chunks * SA_RING_LANES * plan.geometry.kernel_height * plan.geometry.kernel_width;
  return f.scratch_per_thread * threads + partial;
}

void sa_depthwise_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool) {
  context f = make_context(plan);
  f.destination = destination;
  f.packed = packed;
  f.epilogue = epilogue;
  f.affine = prologue.affine;
  f.mode = mode;
  f.ring.source = source;
  f.ring.activation = prologue.activation;
  f.scratch = scratch;
  if (epilogue.moments_mean) f.partial_moments = (double *)(void *)(scratch + f.scratch_per_thread * sa_pool_threads(pool));
  sa_pool_run(pool, depthwise(plan.instruction_set), &f, destination.n * f.bands * f.chunks);
  if (f.partial_moments) sa_pool_run(pool, merge_bands, &f, destination.n);
}
