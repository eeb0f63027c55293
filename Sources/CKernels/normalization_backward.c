// Normalization's way back: two sums per image and channel, then one affine pass. dz is the gradient behind the activation.
#include <stdbool.h>

#include "lanes.h"
#include "normalization.h"

enum { BLOCK = 64, CHANNELS = 64 };

/// Pointers and coefficients of a mask for `width` channels of one image.
typedef struct {
  float a[CHANNELS], b[CHANNELS], ra[CHANNELS], rb[CHANNELS];
} mask_coefficients;

SA_BODY gather_mask(mask_coefficients *k, const sa_activation_mask *mask, sa_index image, sa_index first, sa_index width, sa_index c) {
  if (mask->activation == SA_NO_ACTIVATION || mask->output.data) return;
  sa_gather_affine(k->a, k->b, mask->affine, image, first, width, c);
  if (mask->residual.data) sa_gather_affine(k->ra, k->rb, mask->residual_affine, image, first, width, c);
}

/// Sets `dz` from `dy` for the eight channels at `channel` (absolute) and `i` (within the coefficients).
#define MASKED(dz, mask, k, image, pixel, channel, i, x_value)                                                      \
  do {                                                                                                              \
    if ((mask)->activation != SA_NO_ACTIVATION) {                                                                   \
      sa_v8 passed;                                                                                                 \
      if ((mask)->output.data) passed = SA_LOAD8(sa_pixel((mask)->output, image, pixel) + (channel));               \
      else {                                                                                                        \
        passed = SA_LOAD8((k).a + (i)) * (x_value) + SA_LOAD8((k).b + (i));                                         \
        if ((mask)->residual.data)                                                                                  \
          passed += SA_LOAD8((k).ra + (i)) * SA_LOAD8(sa_pixel((mask)->residual, image, pixel) + (channel)) + SA_LOAD8((k).rb + (i)); \
      }                                                                                                             \
      SA_PASS8(dz, passed, (mask)->activation);                                                                     \
    }                                                                                                               \
  } while (0)

typedef struct {
  double *sum_dz, *sum_dz_x;
  sa_map dy, x;
  const float *center;
  sa_index center_image_stride;
  sa_activation_mask mask;
  sa_index channels_per_piece, pieces_per_image;
} sums_context;

SA_BODY sums_body(void *argument, sa_index piece) {
  sums_context *f = argument;
  sa_index image = piece / f->pieces_per_image, first = piece % f->pieces_per_image * f->channels_per_piece;
  sa_index count = sa_least(f->channels_per_piece, f->dy.c - first), width = sa_padded(count), pixels = f->dy.h * f->dy.w;
  mask_coefficients k;
  gather_mask(&k, &f->mask, image, first, width, f->dy.c);
  float center[CHANNELS] = {0};
  for (sa_index i = 0; f->center && i < count; i++) center[i] = f->center[image * f->center_image_stride + first + i];
  double sums[CHANNELS] = {0}, products[CHANNELS] = {0};
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index end = sa_least(start + BLOCK, pixels);
    for (sa_index i = 0; i < width; i += 8) {
      sa_v8 sum = {0}, product = {0}, middle = SA_LOAD8(center + i), x = {0};
      for (sa_index pixel = start; pixel < end; pixel++) {
        sa_v8 dz = SA_LOAD8(sa_pixel(f->dy, image, pixel) + first + i);
        if (f->x.data) x = SA_LOAD8(sa_pixel(f->x, image, pixel) + first + i);
        MASKED(dz, &f->mask, k, image, pixel, first + i, i, x);
        sum += dz;
        product += dz * (x - middle);
      }
      for (int lane = 0; lane < 8; lane++) {
        sums[i + lane] += (double)sum[lane];
        products[i + lane] += (double)product[lane];
      }
    }
  }
  for (sa_index i = 0; i < count; i++) {
    f->sum_dz[image * f->dy.c + first + i] = sums[i];
    if (f->sum_dz_x) f->sum_dz_x[image * f->dy.c + first + i] = products[i];
  }
}
SA_VARIANTS(sums)

void sa_backward_sums(
    double *sum_dz, double *sum_dz_x, sa_map dy, sa_map x, const float *center, sa_index center_image_stride,
    sa_activation_mask mask, sa_pool *pool) {
  sa_index block = sa_channel_block(dy);
  sums_context f = {sum_dz, sum_dz_x, dy, x, center, center_image_stride, mask, block, sa_ceil_div(dy.c, block)};
  sa_pool_run(pool, sums(), &f, dy.n * f.pieces_per_image);
}

typedef struct {
  sa_map dx, dz, dy, x;
  sa_backward_affine k;
  sa_activation_mask mask;
  sa_write_mode dx_mode, dz_mode;
  sa_pixel_pieces split;
} apply_context;

SA_BODY apply_body(void *argument, sa_index piece) {
  apply_context *f = argument;
  sa_index image = piece / f->split.per_image, begin = piece % f->split.per_image * f->split.per_piece;
  sa_index end = sa_least(begin + f->split.per_piece, f->split.pixels), channels = f->dy.c;
  for (sa_index first = 0; first < channels; first += CHANNELS) {
    sa_index width = sa_least(CHANNELS, sa_padded(channels) - first);
    mask_coefficients k;
    gather_mask(&k, &f->mask, image, first, width, channels);
    float a[CHANNELS], b[CHANNELS], c[CHANNELS];
    for (sa_index i = 0; i < width; i++) {
      sa_index at = image * f->k.image_stride + first + i;
      bool inside = first + i < channels;
      a[i] = !inside ? 0 : f->k.a ? f->k.a[at] : 1;
      b[i] = !inside || !f->k.b ? 0 : f->k.b[at];
      c[i] = !inside || !f->k.c ? 0 : f->k.c[at];
    }
    for (sa_index pixel = begin; pixel < end; pixel++)
      for (sa_index i = 0; i < width; i += 8) {
        sa_v8 dz = SA_LOAD8(sa_pixel(f->dy, image, pixel) + first + i), x = {0};
        if (f->x.data) x = SA_LOAD8(sa_pixel(f->x, image, pixel) + first + i);
        MASKED(dz, &f->mask, k, image, pixel, first + i, i, x);
        if (f->dx.data) {
          float *to = sa_pixel(f->dx, image, pixel) + first + i;
          sa_v8 dx = SA_LOAD8(a + i) * dz + (SA_LOAD8(b + i) * x + SA_LOAD8(c + i));
          if (f->dx_mode == SA_ACCUMULATES) dx += SA_LOAD8(to);
          SA_STORE8(to, dx);
        }
        if (f->dz.data) {
          float *to = sa_pixel(f->dz, image, pixel) + first + i;
          if (f->dz_mode == SA_ACCUMULATES) dz += SA_LOAD8(to);
          SA_STORE8(to, dz);
        }
      }
  }
}
SA_VARIANTS(apply)

void sa_backward_affine_apply(
    sa_map dx, sa_map dz, sa_map dy, sa_map x, sa_backward_affine coefficients, sa_activation_mask mask, sa_write_mode dx_mode,
    sa_write_mode dz_mode, sa_pool *pool) {
  apply_context f = {dx, dz, dy, x, coefficients, mask, dx_mode, dz_mode, sa_split_pixels(dy)};
  sa_pool_run(pool, apply(), &f, f.split.count);
}
