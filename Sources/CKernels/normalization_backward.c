// Normalization's way back: two sums per image and channel, then one affine pass. dz is the gradient behind the activation. Both walk
// pixels in memory order, up to 256 channels at a time, and are compiled once per activation and kind of mask.
#include <stdbool.h>
#include <string.h>

#include "activation_mask.h"

enum { BLOCK = 64 };

/// Coefficients of a recomputed mask for a chunk of channels of one image.
typedef struct {
  float a[SA_CHUNK], b[SA_CHUNK], ra[SA_CHUNK], rb[SA_CHUNK];
} mask_coefficients;

SA_BODY gather_mask(mask_coefficients *k, const sa_activation_mask *mask, sa_index image, sa_index first, sa_index width, sa_index c) {
  if (sa_kind_of(mask) >= FROM_INPUT) sa_gather_affine(k->a, k->b, mask->affine, image, first, width, c);
  if (sa_kind_of(mask) == FROM_INPUT_AND_RESIDUAL) sa_gather_affine(k->ra, k->rb, mask->residual_affine, image, first, width, c);
}

/// Masks `dz` in place. `second` points to the output or the residual of the same pixel and channels, whichever the kind needs.
SA_BODY apply_mask(sa_v8 *dz, const sa_v8 *x, const float *second, const mask_coefficients *k, sa_index i, const sa_mask_kind kind,
    const sa_activation activation) {
  if (kind == NO_MASK) return;
  sa_v8 y, g = *dz;
  if (kind == FROM_OUTPUT) y = SA_LOAD8(second + i);
  else y = SA_LOAD8(k->a + i) * *x + SA_LOAD8(k->b + i);
  if (kind == FROM_INPUT_AND_RESIDUAL) y += SA_LOAD8(k->ra + i) * SA_LOAD8(second + i) + SA_LOAD8(k->rb + i);
  SA_PASS8(g, y, activation);
  *dz = g;
}

SA_INLINE const float *second_of(const sa_activation_mask *mask, sa_index image, sa_index pixel, sa_index first) {
  if (mask->output.data) return sa_pixel(mask->output, image, pixel) + first;
  return mask->residual.data ? sa_pixel(mask->residual, image, pixel) + first : NULL;
}

/// Calls BODY(kind, activation) with constants.
#define BY_MASK(mask, BODY)                                                                      \
  SA_BY_MASK(mask, BODY,                                                                         \
    case FROM_INPUT_AND_RESIDUAL * 3 + SA_RELU: BODY(FROM_INPUT_AND_RESIDUAL, SA_RELU); break;   \
    case FROM_INPUT_AND_RESIDUAL * 3 + SA_RELU6: BODY(FROM_INPUT_AND_RESIDUAL, SA_RELU6); break;)

typedef struct {
  double *sum_dz, *sum_dz_x;
  sa_map dy, x;
  const float *center;
  sa_index center_image_stride;
  sa_activation_mask mask;
  sa_index channels_per_piece, pieces_per_image;
} sums_context;

/// Adds four pixels (or one) to the sums of a block.
SA_BODY add_pixels(
    float *sums, float *products, const sums_context *f, const mask_coefficients *k, const float *center, sa_index image, sa_index pixel,
    sa_index first, sa_index width, const int pixels, const sa_mask_kind kind, const sa_activation activation) {
  const float *dy[4], *x[4], *second[4];
  for (int p = 0; p < pixels; p++) {
    dy[p] = sa_pixel(f->dy, image, pixel + p) + first;
    x[p] = f->x.data ? sa_pixel(f->x, image, pixel + p) + first : dy[p];
    second[p] = second_of(&f->mask, image, pixel + p, first);
  }
  for (sa_index i = 0; i < width; i += 8) {
    sa_v8 sum = SA_LOAD8(sums + i), product = SA_LOAD8(products + i);
    for (int p = 0; p < pixels; p++) {
      sa_v8 dz = SA_LOAD8(dy[p] + i), value = SA_LOAD8(x[p] + i);
      apply_mask(&dz, &value, second[p], k, i, kind, activation);
      sum += dz;
      product += dz * (value - SA_LOAD8(center + i));
    }
    SA_STORE8(sums + i, sum);
    SA_STORE8(products + i, product);
  }
}

SA_BODY sums_body(void *argument, sa_index piece) {
  const sums_context *f = argument;
  sa_index image = piece / f->pieces_per_image, first = piece % f->pieces_per_image * f->channels_per_piece;
  sa_index count = sa_least(f->channels_per_piece, f->dy.c - first), width = sa_padded(count), pixels = f->dy.h * f->dy.w;
  mask_coefficients k;
  gather_mask(&k, &f->mask, image, first, width, f->dy.c);
  float center[SA_CHUNK] = {0};
  for (sa_index i = 0; f->center && i < count; i++) center[i] = f->center[image * f->center_image_stride + first + i];
  double sums[SA_CHUNK] = {0}, products[SA_CHUNK] = {0};
  // Four pixels at a time keep sums in registers; where a piece reads whole wide pixels, one after the other is a stream that the hardware
  // fetches ahead (256 channels at 56x56: 2.5 ms against 4.5).
  bool streams = width == SA_CHUNK && f->dy.pixel_stride == width && f->x.pixel_stride == width;
  for (sa_index start = 0; start < pixels; start += BLOCK) {
    sa_index end = sa_least(start + BLOCK, pixels), pixel = start;
    float block_sums[SA_CHUNK], block_products[SA_CHUNK];
    for (sa_index i = 0; i < width; i++) block_sums[i] = block_products[i] = 0;
#define ADD(KIND, ACTIVATION)                                                                                               \
  for (; !streams && pixel + 4 <= end; pixel += 4)                                                                                \
    add_pixels(block_sums, block_products, f, &k, center, image, pixel, first, width, 4, KIND, ACTIVATION);                  \
  for (; pixel < end; pixel++)                                                                                              \
    add_pixels(block_sums, block_products, f, &k, center, image, pixel, first, width, 1, KIND, ACTIVATION)
    BY_MASK(&f->mask, ADD)
    for (sa_index i = 0; i < width; i++) {
      sums[i] += (double)block_sums[i];
      products[i] += (double)block_products[i];
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
  sa_index block = sa_channel_block(dy, SA_CHUNK);
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

typedef struct {
  float a[SA_CHUNK], b[SA_CHUNK], c[SA_CHUNK];
} apply_coefficients;

SA_BODY apply_pixel(
    const apply_context *f, const mask_coefficients *mask, const apply_coefficients *k, sa_index image, sa_index pixel, sa_index first,
    sa_index width, const sa_mask_kind kind, const sa_activation activation) {
  const float *dy = sa_pixel(f->dy, image, pixel) + first, *second = second_of(&f->mask, image, pixel, first);
  const float *x = f->x.data ? sa_pixel(f->x, image, pixel) + first : dy;
  float *dx = f->dx.data ? sa_pixel(f->dx, image, pixel) + first : NULL, *dz = f->dz.data ? sa_pixel(f->dz, image, pixel) + first : NULL;
  bool adds_dx = f->dx_mode == SA_ACCUMULATES, adds_dz = f->dz_mode == SA_ACCUMULATES;
  for (sa_index i = 0; i < width; i += 8) {
    sa_v8 g = SA_LOAD8(dy + i), value = SA_LOAD8(x + i);
    apply_mask(&g, &value, second, mask, i, kind, activation);
    if (dx) {
      sa_v8 v = SA_LOAD8(k->a + i) * g + (SA_LOAD8(k->b + i) * value + SA_LOAD8(k->c + i));
      if (adds_dx) v += SA_LOAD8(dx + i);
      SA_STORE8(dx + i, v);
    }
    if (dz) {
      if (adds_dz) g += SA_LOAD8(dz + i);
      SA_STORE8(dz + i, g);
    }
  }
}

/// `from`, or `missing` where there is none; zeros past the last channel.
SA_BODY load_coefficients(float *to, const float *from, float missing, sa_index inside, sa_index width) {
  if (from) memcpy(to, from, (size_t)inside * sizeof(float));
  else
    for (sa_index i = 0; i < inside; i++) to[i] = missing;
  for (sa_index i = inside; i < width; i++) to[i] = 0;
}

SA_BODY apply_body(void *argument, sa_index piece) {
  const apply_context *f = argument;
  sa_index image = piece / f->split.per_image, begin = piece % f->split.per_image * f->split.per_piece;
  sa_index end = sa_least(begin + f->split.per_piece, f->split.pixels), channels = f->dy.c;
  for (sa_index first = 0; first < channels; first += SA_CHUNK) {
    sa_index width = sa_least(SA_CHUNK, sa_padded(channels) - first), inside = sa_least(width, channels - first);
    sa_index at = image * f->k.image_stride + first;
    mask_coefficients mask;
    gather_mask(&mask, &f->mask, image, first, width, channels);
    apply_coefficients k;
    load_coefficients(k.a, f->k.a ? f->k.a + at : NULL, 1, inside, width);
    load_coefficients(k.b, f->k.b ? f->k.b + at : NULL, 0, inside, width);
    load_coefficients(k.c, f->k.c ? f->k.c + at : NULL, 0, inside, width);
#define APPLY(KIND, ACTIVATION) \
  for (sa_index pixel = begin; pixel < end; pixel++) apply_pixel(f, &mask, &k, image, pixel, first, width, KIND, ACTIVATION)
    BY_MASK(&f->mask, APPLY)
  }
}
SA_VARIANTS(apply)

void sa_backward_affine_apply(
    sa_map dx, sa_map dz, sa_map dy, sa_map x, sa_backward_affine coefficients, sa_activation_mask mask, sa_write_mode dx_mode,
    sa_write_mode dz_mode, sa_pool *pool) {
  apply_context f = {dx, dz, dy, x, coefficients, mask, dx_mode, dz_mode, sa_split_pixels(dy)};
  sa_pool_run(pool, apply(), &f, f.split.count);
}
