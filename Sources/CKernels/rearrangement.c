// Values that move and don't change: channel ranges, every second pixel, NCHW and back.
#include <string.h>

#include "elementwise.h"
#include "variants.h"

typedef struct {
  sa_map y, x;
  sa_index y_first, x_first, channels;
  sa_write_mode mode;
  sa_pixel_pieces split;
} copy_context;

SA_BODY copy_body(void *argument, sa_index piece) {
  copy_context *f = argument;
  sa_index image = piece / f->split.per_image, first = piece % f->split.per_image * f->split.per_piece;
  sa_index end = sa_least(first + f->split.per_piece, f->split.pixels), channels = f->channels;
  for (sa_index pixel = first; pixel < end; pixel++) {
    float *restrict y = sa_pixel(f->y, image, pixel) + f->y_first;
    const float *restrict x = sa_pixel(f->x, image, pixel) + f->x_first;
    if (f->mode == SA_ACCUMULATES)
      for (sa_index i = 0; i < channels; i++) y[i] += x[i];
    else memcpy(y, x, (size_t)channels * sizeof(float));
    if (f->y_first + channels == f->y.c)
      for (sa_index i = channels; f->y_first + i < sa_padded(f->y.c); i++) y[i] = 0;
  }
}
SA_VARIANTS(copy)

void sa_copy_channels(
    sa_map y, sa_index y_first, sa_map x, sa_index x_first, sa_index channels, sa_write_mode mode, sa_pool *pool) {
  copy_context f = {y, x, y_first, x_first, channels, mode, sa_split_pixels(y)};
  sa_pool_run(pool, copy(), &f, f.split.count);
}

typedef struct {
  sa_map small, large;
  sa_index stride, before;
  sa_write_mode mode;
} subsample_context;

/// One row of the small map.
SA_BODY subsample_row_body(void *argument, sa_index piece) {
  subsample_context *f = argument;
  sa_index image = piece / f->small.h, row = piece % f->small.h;
  for (sa_index column = 0; column < f->small.w; column++) {
    float *y = sa_pixel(f->small, image, row * f->small.w + column);
    const float *x = sa_pixel(f->large, image, row * f->stride * f->large.w + column * f->stride);
    memset(y, 0, (size_t)sa_padded(f->small.c) * sizeof(float));
    memcpy(y + f->before, x, (size_t)f->large.c * sizeof(float));
  }
}
SA_VARIANTS(subsample_row)

void sa_subsample(sa_map y, sa_map x, sa_index stride, sa_index before, sa_pool *pool) {
  subsample_context f = {y, x, stride, before, SA_WRITES};
  sa_pool_run(pool, subsample_row(), &f, y.n * y.h);
}

/// One row of the large map.
SA_BODY subsample_backward_row_body(void *argument, sa_index piece) {
  subsample_context *f = argument;
  sa_index image = piece / f->large.h, row = piece % f->large.h;
  if (f->mode == SA_WRITES)
    for (sa_index column = 0; column < f->large.w; column++)
      memset(sa_pixel(f->large, image, row * f->large.w + column), 0, (size_t)sa_padded(f->large.c) * sizeof(float));
  if (row % f->stride != 0) return;
  for (sa_index column = 0; column < f->small.w; column++) {
    float *restrict dx = sa_pixel(f->large, image, row * f->large.w + column * f->stride);
    const float *restrict dy = sa_pixel(f->small, image, row / f->stride * f->small.w + column) + f->before;
    for (sa_index i = 0; i < f->large.c; i++) dx[i] += dy[i];
  }
}
SA_VARIANTS(subsample_backward_row)

void sa_subsample_backward(sa_map dx, sa_map dy, sa_index stride, sa_index before, sa_write_mode mode, sa_pool *pool) {
  subsample_context f = {dy, dx, stride, before, mode};
  sa_pool_run(pool, subsample_backward_row(), &f, dx.n * dx.h);
}

typedef struct {
  sa_map map;
  float *nchw;
} layout_context;

/// One row of one image, 16 pixels at a time so that both sides stay in L1.
SA_BODY from_nchw_row_body(void *argument, sa_index piece) {
  layout_context *f = argument;
  sa_map map = f->map;
  sa_index image = piece / map.h, row = piece % map.h, plane = map.h * map.w;
  for (sa_index start = 0; start < map.w; start += 16) {
    sa_index end = sa_least(start + 16, map.w);
    for (sa_index c = 0; c < sa_padded(map.c); c++) {
      const float *from = f->nchw + (image * map.c + c) * plane + row * map.w;
      float *to = sa_pixel(map, image, row * map.w) + c;
      for (sa_index column = start; column < end; column++) to[column * map.pixel_stride] = c < map.c ? from[column] : 0;
    }
  }
}
SA_VARIANTS(from_nchw_row)

void sa_from_nchw(sa_map y, const float *x, sa_pool *pool) {
  layout_context f = {y, (float *)(size_t)x};
  sa_pool_run(pool, from_nchw_row(), &f, y.n * y.h);
}

SA_BODY to_nchw_row_body(void *argument, sa_index piece) {
  layout_context *f = argument;
  sa_map map = f->map;
  sa_index image = piece / map.h, row = piece % map.h, plane = map.h * map.w;
  for (sa_index start = 0; start < map.w; start += 16) {
    sa_index end = sa_least(start + 16, map.w);
    for (sa_index c = 0; c < map.c; c++) {
      float *to = f->nchw + (image * map.c + c) * plane + row * map.w;
      const float *from = sa_pixel(map, image, row * map.w) + c;
      for (sa_index column = start; column < end; column++) to[column] = from[column * map.pixel_stride];
    }
  }
}
SA_VARIANTS(to_nchw_row)

void sa_to_nchw(float *y, sa_map x, sa_pool *pool) {
  layout_context f = {x, y};
  sa_pool_run(pool, to_nchw_row(), &f, x.n * x.h);
}
