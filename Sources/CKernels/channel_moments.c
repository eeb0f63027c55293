// Per-image channel moments. A block of pixels stays in L1 while its mean and then its squared deviations are summed in float
// (at most 64 values a sum); blocks merge in double by Chan's formula (Chan, Golub, LeVeque 1983). Reads memory once.
#include "lanes.h"
#include "normalization.h"

enum { BLOCK = 64, CHANNELS = 64 };

typedef struct {
  double *mean, *m2;
  sa_map x;
  sa_index channels_per_piece, pieces_per_image;
} context;

/// The mean and squared deviations of `pixels` (at most BLOCK) pixels, `width` channels.
SA_BODY block_moments(float *mean, float *m2, const float *x, sa_index stride, sa_index pixels, sa_index width) {
  sa_v8 inverse = SA_ALL8(1.0f / (float)pixels);
  for (sa_index i = 0; i < width; i += 8) {
    sa_v8 sum = {0};
    for (sa_index pixel = 0; pixel < pixels; pixel++) sum += SA_LOAD8(x + pixel * stride + i);
    sa_v8 centre = sum * inverse, squares = {0};
    for (sa_index pixel = 0; pixel < pixels; pixel++) {
      sa_v8 d = SA_LOAD8(x + pixel * stride + i) - centre;
      squares += d * d;
    }
    SA_STORE8(mean + i, centre);
    SA_STORE8(m2 + i, squares);
  }
}

SA_BODY moments_body(void *argument, sa_index piece) {
  context *f = argument;
  sa_index image = piece / f->pieces_per_image, first = piece % f->pieces_per_image * f->channels_per_piece;
  sa_index count = sa_least(f->channels_per_piece, f->x.c - first), pixels = f->x.h * f->x.w;
  double mean[CHANNELS] = {0}, m2[CHANNELS] = {0};
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index size = sa_least(BLOCK, pixels - start);
    float block_mean[CHANNELS], block_m2[CHANNELS];
    block_moments(block_mean, block_m2, sa_pixel(f->x, image, start) + first, f->x.pixel_stride, size, sa_padded(count));
    double weight = (double)size / (double)(start + size), cross = (double)start * weight;
    for (sa_index i = 0; i < count; i++) {
      double d = (double)block_mean[i] - mean[i];
      mean[i] += d * weight;
      m2[i] += (double)block_m2[i] + d * d * cross;
    }
  }
  for (sa_index i = 0; i < count; i++) {
    f->mean[image * f->x.c + first + i] = mean[i];
    f->m2[image * f->x.c + first + i] = m2[i];
  }
}
SA_VARIANTS(moments)

void sa_channel_moments(double *mean, double *m2, sa_map x, sa_pool *pool) {
  sa_index block = sa_channel_block(x);
  context f = {mean, m2, x, block, sa_ceil_div(x.c, block)};
  sa_pool_run(pool, moments(), &f, x.n * f.pieces_per_image);
}
