// y = activation(affine(x) + affine(residual)): one pass, in pieces of pixels, channels in chunks of 1024 whose coefficients stay in L1.
#include "lanes.h"
#include "normalization.h"

enum { CHUNK = 1024 };

typedef struct {
  sa_map y, x, residual;
  sa_affine affine, residual_affine;
  sa_activation activation;
  sa_pixel_pieces split;
} context;

typedef enum { NO_RESIDUAL, PLAIN_RESIDUAL, AFFINE_RESIDUAL } residual_kind;

SA_BODY rows(
    context *f, sa_index image, sa_index first, sa_index end, sa_index channel, sa_index width, const float *a, const float *b,
    const float *ra, const float *rb, residual_kind kind, sa_activation activation) {
  for (sa_index pixel = first; pixel < end; pixel++) {
    float *y = sa_pixel(f->y, image, pixel) + channel;
    const float *x = sa_pixel(f->x, image, pixel) + channel;
    const float *r = kind != NO_RESIDUAL ? sa_pixel(f->residual, image, pixel) + channel : x;
    for (sa_index i = 0; i < width; i += 8) {
      sa_v8 v = SA_LOAD8(a + i) * SA_LOAD8(x + i) + SA_LOAD8(b + i);
      if (kind == PLAIN_RESIDUAL) v += SA_LOAD8(r + i);
      if (kind == AFFINE_RESIDUAL) v += SA_LOAD8(ra + i) * SA_LOAD8(r + i) + SA_LOAD8(rb + i);
      SA_ACTIVATE8(v, activation);
      SA_STORE8(y + i, v);
    }
  }
}

SA_BODY activate_body(void *argument, sa_index piece) {
  context *f = argument;
  sa_index image = piece / f->split.per_image, first = piece % f->split.per_image * f->split.per_piece;
  sa_index end = sa_least(first + f->split.per_piece, f->split.pixels);
  float a[CHUNK], b[CHUNK], ra[CHUNK], rb[CHUNK];
  residual_kind kind = !f->residual.data ? NO_RESIDUAL
      : f->residual_affine.scale || f->residual_affine.shift ? AFFINE_RESIDUAL : PLAIN_RESIDUAL;
  for (sa_index channel = 0; channel < f->y.c; channel += CHUNK) {
    sa_index width = sa_least(CHUNK, sa_padded(f->y.c) - channel);
    sa_gather_affine(a, b, f->affine, image, channel, width, f->y.c);
    if (kind == AFFINE_RESIDUAL) sa_gather_affine(ra, rb, f->residual_affine, image, channel, width, f->y.c);
#define ROWS(KIND, ACTIVATION) rows(f, image, first, end, channel, width, a, b, ra, rb, KIND, ACTIVATION)
#define ROWS_BY_ACTIVATION(KIND)                                          \
  switch (f->activation) {                                                \
    case SA_RELU: ROWS(KIND, SA_RELU); break;                             \
    case SA_RELU6: ROWS(KIND, SA_RELU6); break;                           \
    default: ROWS(KIND, SA_NO_ACTIVATION); break;                         \
  }
    switch (kind) {
      case NO_RESIDUAL: ROWS_BY_ACTIVATION(NO_RESIDUAL) break;
      case PLAIN_RESIDUAL: ROWS_BY_ACTIVATION(PLAIN_RESIDUAL) break;
      case AFFINE_RESIDUAL: ROWS_BY_ACTIVATION(AFFINE_RESIDUAL) break;
    }
  }
}
SA_VARIANTS(activate)

void sa_affine_activate(
    sa_map y, sa_map x, sa_affine affine, sa_map residual, sa_affine residual_affine, sa_activation activation, sa_pool *pool) {
  context f = {y, x, residual, affine, residual_affine, activation, sa_split_pixels(y)};
  sa_pool_run(pool, activate(), &f, f.split.count);
}
