// The mean over all pixels and its gradient.
#include "lanes.h"
#include "pooling.h"

enum { BLOCK = 64, CHANNELS = 64 };

typedef struct {
  sa_map y, x;
  sa_prologue prologue;
  sa_index channels_per_piece, pieces_per_image;
} forward_context;

SA_BODY average_body(void *argument, sa_index piece) {
  forward_context *f = argument;
  sa_index image = piece / f->pieces_per_image, first = piece % f->pieces_per_image * f->channels_per_piece;
  sa_index width = sa_padded(sa_least(f->channels_per_piece, f->x.c - first)), pixels = f->x.h * f->x.w;
  float a[CHANNELS], b[CHANNELS];
  sa_gather_affine(a, b, f->prologue.affine, image, first, width, f->x.c);
  double sums[CHANNELS] = {0};
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index end = sa_least(start + BLOCK, pixels);
    for (sa_index i = 0; i < width; i += 8) {
      sa_v8 sum = {0};
      for (sa_index pixel = start; pixel < end; pixel++) {
        sa_v8 x = SA_LOAD8(a + i) * SA_LOAD8(sa_pixel(f->x, image, pixel) + first + i) + SA_LOAD8(b + i);
        SA_ACTIVATE8(x, f->prologue.activation);
        sum += x;
      }
      for (int lane = 0; lane < 8; lane++) sums[i + lane] += (double)sum[lane];
    }
  }
  float *y = sa_pixel(f->y, image, 0) + first;
  for (sa_index i = 0; i < width; i++) y[i] = (float)(sums[i] / (double)pixels);
}
SA_VARIANTS(average)

void sa_global_average(sa_map y, sa_map x, sa_prologue prologue, sa_pool *pool) {
  sa_index block = sa_channel_block(x, 64);
  forward_context f = {y, x, prologue, block, sa_ceil_div(x.c, block)};
  sa_pool_run(pool, average(), &f, x.n * f.pieces_per_image);
}

typedef struct {
  sa_map dx, dy;
  sa_write_mode mode;
  sa_pixel_pieces split;
} backward_context;

SA_BODY average_backward_body(void *argument, sa_index piece) {
  backward_context *f = argument;
  sa_index image = piece / f->split.per_image, first = piece % f->split.per_image * f->split.per_piece;
  sa_index end = sa_least(first + f->split.per_piece, f->split.pixels);
  sa_v8 share = SA_ALL8(1.0f / (float)f->split.pixels);
  const float *dy = sa_pixel(f->dy, image, 0);
  for (sa_index pixel = first; pixel < end; pixel++) {
    float *dx = sa_pixel(f->dx, image, pixel);
    for (sa_index i = 0; i < sa_padded(f->dx.c); i += 8) {
      sa_v8 g = SA_LOAD8(dy + i) * share;
      if (f->mode == SA_ACCUMULATES) g += SA_LOAD8(dx + i);
      SA_STORE8(dx + i, g);
    }
  }
}
SA_VARIANTS(average_backward)

void sa_global_average_backward(sa_map dx, sa_map dy, sa_write_mode mode, sa_pool *pool) {
  backward_context f = {dx, dy, mode, sa_split_pixels(dx)};
  sa_pool_run(pool, average_backward(), &f, f.split.count);
}
