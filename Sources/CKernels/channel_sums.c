// Sums over all images and pixels per channel; a piece owns some channels and walks everything in order.
#include "lanes.h"
#include "normalization.h"

enum { BLOCK = 64, CHANNELS = 16 };

typedef struct {
  double *sums;
  sa_map x;
} context;

SA_BODY channel_sums_body(void *argument, sa_index piece) {
  context *f = argument;
  sa_index first = piece * CHANNELS, count = sa_least(CHANNELS, f->x.c - first), pixels = f->x.n * f->x.h * f->x.w;
  double sums[CHANNELS] = {0};
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index end = sa_least(start + BLOCK, pixels);
    for (sa_index i = 0; i < sa_padded(count); i += 8) {
      sa_v8 sum = {0};
      for (sa_index pixel = start; pixel < end; pixel++) sum += SA_LOAD8(f->x.data + pixel * f->x.pixel_stride + first + i);
      for (int lane = 0; lane < 8; lane++) sums[i + lane] += (double)sum[lane];
    }
  }
  for (sa_index i = 0; i < count; i++) f->sums[first + i] = sums[i];
}
SA_VARIANTS(channel_sums)

void sa_channel_sums(double *sums, sa_map x, sa_pool *pool) {
  context f = {sums, x};
  sa_pool_run(pool, channel_sums(), &f, sa_ceil_div(x.c, CHANNELS));
}
