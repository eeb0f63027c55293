// Depthwise weight gradient: dW[c, u, v] = sum over pixels of dy[pixel, c] * x[pixel at (u, v), c].
//
// Pieces are (image, band of about 1024 pixels, 32 channels), input rows from a ring as in the forward pass; a kernel row's sums stay in
// registers along a row of pixels and in float along a band. Bands are added in double, in order.
//
// One core of a Zen 4: MobileNetV2's layers 24-41 GFLOP/s at stride 1; the reference 0.5. One core of an Emerald Rapids, one image:
// 30-46 GFLOP/s, 1.6-2.0 times the speed in vectors of 8, one at a time.
#include "depthwise.h"
#include "depthwise_ring.h"

enum { MOST_TAPS = 15 };

typedef struct {
  sa_map dy;
  sa_affine affine;
  sa_conv_plan plan;
  sa_write_mode mode;
  sa_ring ring;
  float *weight_gradient, *scratch;
  sa_index chunks, bands, band_rows, scratch_per_thread;
  float *partial;  // [image][band][chunk][row][column][32]
} context;

#define WIDTH 16
#include "depthwise_weights_lanes.h"
#undef WIDTH
#define WIDTH 8
#include "depthwise_weights_lanes.h"
#undef WIDTH

SA_BODY depthwise_weights_body(void *argument, sa_index piece, int thread, const int lanes) {
  const context *f = argument;
  sa_conv_geometry g = f->plan.geometry;
  sa_index chunk = piece % f->chunks, band = piece / f->chunks % f->bands, image = piece / f->chunks / f->bands;
  sa_index first = chunk * SA_RING_LANES, area = g.kernel_height * g.kernel_width;
  sa_ring ring = f->ring;
  ring.rows = f->scratch + thread * f->scratch_per_thread;
  sa_ring_begin(&ring, f->affine, image, first);
  float *sums = f->partial + piece * area * SA_RING_LANES;
  for (sa_index i = 0; i < area * SA_RING_LANES; i++) sums[i] = 0;
  sa_index top = band * f->band_rows, bottom = sa_least(top + f->band_rows, f->dy.h);
  for (sa_index row = top; row < bottom; row++) {
    const float *dy = sa_pixel(f->dy, image, row * f->dy.w) + first;
    for (sa_index u = 0; u < g.kernel_height; u++) {
      sa_index source = row * g.stride - g.pad_top + u * g.dilation;
      if (source < 0 || source >= ring.source.h) continue;
      const float *x = sa_ring_row(&ring, source, lanes);
      float *kernel_row = sums + u * g.kernel_width * SA_RING_LANES;
#define ADD(COLUMNS, STRIDE, DILATION) \
  SA_IN_VECTORS(add_lanes, lanes, ring.lanes, kernel_row, x, dy, f->dy.pixel_stride, f->dy.w, COLUMNS, STRIDE, DILATION)
      if (g.kernel_width == 3 && g.dilation == 1 && g.stride == 1) ADD(3, 1, 1);
      else if (g.kernel_width == 3 && g.dilation == 1 && g.stride == 2) ADD(3, 2, 1);
      else if (g.kernel_width == 5 && g.dilation == 1 && g.stride == 1) ADD(5, 1, 1);
      else if (g.kernel_width == 5 && g.dilation == 1 && g.stride == 2) ADD(5, 2, 1);
      else ADD(g.kernel_width, g.stride, g.dilation);
    }
  }
}
SA_WIDTH_VARIANTS(depthwise_weights)

/// One chunk of channels: adds the images' bands in order.
static void add_bands(void *argument, sa_index chunk, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index area = f->plan.geometry.kernel_height * f->plan.geometry.kernel_width;
  for (sa_index tap = 0; tap < area; tap++) {
    double sums[SA_RING_LANES] = {0};
    for (sa_index part = 0; part < f->dy.n * f->bands; part++) {
      const float *partial = f->partial + ((part * f->chunks + chunk) * area + tap) * SA_RING_LANES;
      for (sa_index i = 0; i < SA_RING_LANES; i++) sums[i] += (double)partial[i];
    }
    for (sa_index i = 0; i < SA_RING_LANES && chunk * SA_RING_LANES + i < f->dy.c; i++) {
      float *to = f->weight_gradient + (chunk * SA_RING_LANES + i) * area + tap;
      *to = f->mode == SA_ACCUMULATES ? *to + (float)sums[i] : (float)sums[i];
    }
  }
}

void sa_depthwise_weights_run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  sa_conv_geometry g = plan.geometry;
  context f = {.dy = output_gradient, .affine = prologue.affine, .plan = plan, .mode = mode, .weight_gradient = weight_gradient,
               .scratch = scratch, .chunks = sa_ceil_div(g.groups, SA_RING_LANES), .band_rows = sa_band_rows(plan.output_width)};
  f.bands = sa_ceil_div(plan.output_height, f.band_rows);
  f.ring = (sa_ring){.source = input, .activation = prologue.activation, .slots = (g.kernel_height - 1) * g.dilation + 1, .spread = 1,
                     .columns = (plan.output_width - 1) * g.stride + (g.kernel_width - 1) * g.dilation + 1, .start = -g.pad_left};
  f.scratch_per_thread = f.ring.slots * f.ring.columns * SA_RING_LANES;
  f.partial = scratch + f.scratch_per_thread * sa_pool_threads(pool);
  sa_pool_run(pool, depthwise_weights(plan.instruction_set), &f, input.n * f.bands * f.chunks);
  sa_pool_run(pool, add_bands, &f, f.chunks);
}
