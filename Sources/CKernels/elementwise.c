// Value-by-value operations on whole maps, in pieces of pixels.
#include "elementwise.h"

#include "lanes.h"

typedef enum { SCALE, ADD, MULTIPLY, CLEAR } operation;

typedef struct {
  sa_map y, a, b;
  float factor;
  operation operation;
  sa_write_mode mode;
  sa_pixel_pieces split;
} context;

SA_BODY pixels_of(context *f, sa_index image, sa_index first, sa_index end, operation operation, sa_write_mode mode) {
  sa_v8 factor = SA_ALL8(f->factor);
  for (sa_index pixel = first; pixel < end; pixel++) {
    float *y = sa_pixel(f->y, image, pixel);
    const float *a = operation == CLEAR ? y : sa_pixel(f->a, image, pixel);
    const float *b = operation == ADD || operation == MULTIPLY ? sa_pixel(f->b, image, pixel) : a;
    for (sa_index i = 0; i < sa_padded(f->y.c); i += 8) {
      sa_v8 v = {0};
      if (operation == SCALE) v = factor * SA_LOAD8(a + i);
      if (operation == ADD) v = SA_LOAD8(a + i) + SA_LOAD8(b + i);
      if (operation == MULTIPLY) v = SA_LOAD8(a + i) * SA_LOAD8(b + i);
      if (mode == SA_ACCUMULATES) v += SA_LOAD8(y + i);
      SA_STORE8(y + i, v);
    }
  }
}

SA_BODY each_value_body(void *argument, sa_index piece) {
  context *f = argument;
  sa_index image = piece / f->split.per_image, first = piece % f->split.per_image * f->split.per_piece;
  sa_index end = sa_least(first + f->split.per_piece, f->split.pixels);
#define PIXELS(OPERATION)                                                                                   \
  case OPERATION:                                                                                           \
    if (f->mode == SA_ACCUMULATES) pixels_of(f, image, first, end, OPERATION, SA_ACCUMULATES);              \
    else pixels_of(f, image, first, end, OPERATION, SA_WRITES);                                             \
    break;
  switch (f->operation) {
    PIXELS(SCALE)
    PIXELS(ADD)
    PIXELS(MULTIPLY)
    PIXELS(CLEAR)
  }
}
SA_VARIANTS(each_value)

static void run(sa_map y, sa_map a, sa_map b, float factor, operation operation, sa_write_mode mode, sa_pool *pool) {
  context f = {y, a, b, factor, operation, mode, sa_split_pixels(y)};
  sa_pool_run(pool, each_value(), &f, f.split.count);
}

void sa_scale(sa_map y, sa_map x, float factor, sa_write_mode mode, sa_pool *pool) { run(y, x, x, factor, SCALE, mode, pool); }
void sa_add(sa_map y, sa_map a, sa_map b, sa_pool *pool) { run(y, a, b, 1, ADD, SA_WRITES, pool); }
void sa_multiply(sa_map y, sa_map a, sa_map b, sa_write_mode mode, sa_pool *pool) { run(y, a, b, 1, MULTIPLY, mode, pool); }
void sa_clear(sa_map y, sa_pool *pool) { run(y, y, y, 0, CLEAR, SA_WRITES, pool); }
