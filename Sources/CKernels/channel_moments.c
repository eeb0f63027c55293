// Per-image channel moments. A block of 64 pixels is read once in memory order and stays in L1 or L2 while its mean and then its squared
// deviations are summed in float; blocks merge in double by Chan's formula (Chan, Golub, LeVeque 1983).
#include "block_moments.h"
#include "normalization.h"

enum { BLOCK = 64 };

typedef struct {
  double *mean, *m2;
  sa_map x;
  sa_index channels_per_piece, pieces_per_image;
} context;

/// Sums (or, around `centre`, squared deviations) of a block, pixel after pixel, four at a time.
SA_BODY block_sums(float *sums, const float *centre, const float *x, sa_index stride, sa_index pixels, sa_index width) {
  for (sa_index i = 0; i < width; i += 8) SA_STORE8(sums + i, (sa_v8){0});
  for (sa_index pixel = 0; pixel < pixels; pixel += 4) {
    sa_index count = sa_least(4, pixels - pixel);
    for (sa_index i = 0; i < width; i += 8) {
      const float *from = x + pixel * stride + i;
      sa_v8 sum = SA_LOAD8(sums + i), middle = centre ? SA_LOAD8(centre + i) : (sa_v8){0};
      if (count == 4) {
        sa_v8 a = SA_LOAD8(from) - middle, b = SA_LOAD8(from + stride) - middle;
        sa_v8 c = SA_LOAD8(from + 2 * stride) - middle, d = SA_LOAD8(from + 3 * stride) - middle;
        sum += centre ? (a * a + b * b) + (c * c + d * d) : (a + b) + (c + d);
      } else {
        for (sa_index p = 0; p < count; p++) {
          sa_v8 a = SA_LOAD8(from + p * stride) - middle;
          sum += centre ? a * a : a;
        }
      }
      SA_STORE8(sums + i, sum);
    }
  }
}

SA_BODY moments_body(void *argument, sa_index piece) {
  context *f = argument;
  sa_index image = piece / f->pieces_per_image, first = piece % f->pieces_per_image * f->channels_per_piece;
  sa_index count = sa_least(f->channels_per_piece, f->x.c - first), width = sa_padded(count), pixels = f->x.h * f->x.w;
  double mean[SA_CHUNK] = {0}, m2[SA_CHUNK] = {0};
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index size = sa_least(BLOCK, pixels - start);
    float block_mean[SA_CHUNK], block_m2[SA_CHUNK];
    const float *x = sa_pixel(f->x, image, start) + first;
    block_sums(block_mean, NULL, x, f->x.pixel_stride, size, width);
    for (sa_index i = 0; i < width; i++) block_mean[i] *= 1.0f / (float)size;
    block_sums(block_m2, block_mean, x, f->x.pixel_stride, size, width);
    sa_merge_block(mean, m2, block_mean, block_m2, start, size, count);
  }
  for (sa_index i = 0; i < count; i++) {
    f->mean[image * f->x.c + first + i] = mean[i];
    f->m2[image * f->x.c + first + i] = m2[i];
  }
}
SA_VARIANTS(moments)

void sa_channel_moments(double *mean, double *m2, sa_map x, sa_pool *pool) {
  sa_index block = sa_channel_block(x, SA_CHUNK);
  context f = {mean, m2, x, block, sa_ceil_div(x.c, block)};
  sa_pool_run(pool, moments(), &f, x.n * f.pieces_per_image);
}
