// Per-image channel moments. A block of pixels stays in L1 while its mean and then its squared deviations are summed in float
// (at most 64 values a sum); blocks merge in double by Chan's formula (Chan, Golub, LeVeque 1983). Reads memory once.
#include "block_moments.h"
#include "normalization.h"

enum { BLOCK = 64, CHANNELS = 64 };

typedef struct {
  double *mean, *m2;
  sa_map x;
  sa_index channels_per_piece, pieces_per_image;
} context;

SA_BODY moments_body(void *argument, sa_index piece) {
  context *f = argument;
  sa_index image = piece / f->pieces_per_image, first = piece % f->pieces_per_image * f->channels_per_piece;
  sa_index count = sa_least(f->channels_per_piece, f->x.c - first), pixels = f->x.h * f->x.w;
  double mean[CHANNELS] = {0}, m2[CHANNELS] = {0};
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index size = sa_least(BLOCK, pixels - start);
    float block_mean[CHANNELS], block_m2[CHANNELS];
    sa_block_moments(block_mean, block_m2, sa_pixel(f->x, image, start) + first, f->x.pixel_stride, size, sa_padded(count));
    sa_merge_block(mean, m2, block_mean, block_m2, start, size, count);
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
