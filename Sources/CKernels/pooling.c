// Maximum, average and global pooling. Pieces are rows of the result; backward, each pixel adds up the windows that contain it, in their
// order.
//
// One core of a Zen 4, ResNet's 3x3 pooling of 112x112x64: forward 0.3 ms (0.4 with winners), backward 0.36 ms (scattering windows 1.2).
// Two cores of an Emerald Rapids, 16 images: forward with winners 8.1 -> 3.8 ms, backward 7.5 -> 5.5 in vectors of 16 lanes.
#include "pooling.h"

#include <stdbool.h>

#include "wide_lanes.h"

/// What is kept of a maximum beside itself.
typedef enum { NOTHING, TAP, INPUT } keeping;
typedef struct {
  uint8_t *tap;
  float *input;
} kept_of_maximum;

/// Taps of a window that lie inside the image.
typedef struct {
  sa_index top, bottom, left, right;
} tap_range;

enum { MOST_WINDOWS = 16, PIXELS_AHEAD = 8 };

/// Windows that contain one input pixel: where their gradients and winners are, and which of their taps the pixel is.
typedef struct {
  int count, tap[MOST_WINDOWS];
  const float *dy[MOST_WINDOWS];
  const uint8_t *winner[MOST_WINDOWS];
} containing;

#define WIDTH 16
#include "pooling_lanes.h"
#undef WIDTH
#define WIDTH 8
#include "pooling_lanes.h"
#undef WIDTH

typedef struct {
  sa_map y, x;
  uint8_t *winner;
  sa_map entered;
  sa_prologue prologue;
  sa_window window;
} forward_context;

static bool has_prologue(const forward_context *f) {
  return f->prologue.affine.scale || f->prologue.affine.shift || f->prologue.activation != SA_NO_ACTIVATION;
}

SA_INLINE tap_range taps_inside(const forward_context *f, sa_index top, sa_index left) {
  sa_index size = f->window.size;
  return (tap_range){sa_most(0, -top), sa_least(size, f->x.h - top), sa_most(0, -left), sa_least(size, f->x.w - left)};
}

/// One output row; compiled for each kind of reading and of keeping.
SA_BODY max_row_of(
    const forward_context *f, sa_index piece, const bool reads, const sa_activation activation, const keeping keeps, const int lanes) {
  sa_index image = piece / f->y.h, row = piece % f->y.h, padded = sa_padded(f->y.c), stride = f->x.pixel_stride;
  float a[SA_CHUNK], b[SA_CHUNK];
  for (sa_index first = 0; first < padded; first += SA_CHUNK) {
    sa_index width = sa_least(SA_CHUNK, padded - first);
    if (reads) sa_gather_affine(a, b, f->prologue.affine, image, first, width, f->y.c);
    for (sa_index column = 0; column < f->y.w; column++) {
      sa_index top = row * f->window.stride - f->window.padding, left = column * f->window.stride - f->window.padding;
      sa_index pixel = row * f->y.w + column;
      kept_of_maximum kept = {0};
      if (keeps == TAP) kept.tap = f->winner + (image * f->y.h * f->y.w + pixel) * padded + first;
      if (keeps == INPUT) kept.input = sa_pixel(f->entered, image, pixel) + first;
      SA_IN_VECTORS(
          maximum, lanes, width, sa_pixel(f->y, image, pixel) + first, kept, sa_pixel(f->x, image, top * f->x.w + left) + first,
          f->x.w * stride, stride, taps_inside(f, top, left), f->window.size, a, b, reads, activation, keeps);
    }
  }
}

SA_BODY max_row_body(void *argument, sa_index piece, int thread, const int lanes) {
  (void)thread;
  const forward_context *f = argument;
#define MAX_ROW(READS, ACTIVATION)                                                  \
  if (f->winner) max_row_of(f, piece, READS, ACTIVATION, TAP, lanes);               \
  else if (f->entered.data) max_row_of(f, piece, READS, ACTIVATION, INPUT, lanes);  \
  else max_row_of(f, piece, READS, ACTIVATION, NOTHING, lanes)
  if (!has_prologue(f)) {
    MAX_ROW(false, SA_NO_ACTIVATION);
  } else if (f->prologue.activation == SA_RELU) {
    MAX_ROW(true, SA_RELU);
  } else {
    MAX_ROW(true, f->prologue.activation);
  }
}
SA_WIDTH_VARIANTS(max_row)

void sa_max_pool(sa_map y, uint8_t *winner, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool) {
  forward_context f = {y, x, winner, (sa_map){0}, prologue, window};
  sa_pool_run(pool, max_row(sa_best_instruction_set()), &f, y.n * y.h);
}

void sa_max_pool_inputs(sa_map y, sa_map entered, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool) {
  forward_context f = {y, x, NULL, entered, prologue, window};
  sa_pool_run(pool, max_row(sa_best_instruction_set()), &f, y.n * y.h);
}

SA_BODY average_row_body(void *argument, sa_index piece) {
  forward_context *f = argument;
  sa_index image = piece / f->y.h, row = piece % f->y.h, size = f->window.size, padded = sa_padded(f->y.c);
  sa_v8 share = SA_ALL8(1.0f / (float)(size * size));
  float a[SA_CHUNK], b[SA_CHUNK];
  for (sa_index first = 0; first < padded; first += SA_CHUNK) {
    sa_index width = sa_least(SA_CHUNK, padded - first);
    sa_gather_affine(a, b, f->prologue.affine, image, first, width, f->y.c);
    for (sa_index column = 0; column < f->y.w; column++) {
      sa_index top = row * f->window.stride - f->window.padding, left = column * f->window.stride - f->window.padding;
      tap_range taps = taps_inside(f, top, left);
      for (sa_index i = 0; i < width; i += 8) {
        sa_v8 sum = {0};
        for (sa_index u = taps.top; u < taps.bottom; u++)
          for (sa_index v = taps.left; v < taps.right; v++) {
            const float *x = sa_pixel(f->x, image, (top + u) * f->x.w + left + v) + first + i;
            sa_v8 value = SA_LOAD8(a + i) * SA_LOAD8(x) + SA_LOAD8(b + i);
            SA_ACTIVATE8(value, f->prologue.activation);
            sum += value;
          }
        SA_STORE8(sa_pixel(f->y, image, row * f->y.w + column) + first + i, sum * share);
      }
    }
  }
}
SA_VARIANTS(average_row)

void sa_average_pool(sa_map y, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool) {
  forward_context f = {y, x, NULL, (sa_map){0}, prologue, window};
  sa_pool_run(pool, average_row(), &f, y.n * y.h);
}

typedef struct {
  sa_map dx, dy;
  const uint8_t *winner;
  sa_window window;
  sa_write_mode mode;
} backward_context;

/// One row of the input's gradient.
SA_BODY backward_row(const backward_context *f, sa_index piece, const sa_index stride, const bool wins, const int lanes) {
  sa_index image = piece / f->dx.h, row = piece % f->dx.h, padded = sa_padded(f->dy.c);
  sa_index size = f->window.size, top = row + f->window.padding;
  float share = 1.0f / (float)(size * size);
  for (sa_index column = 0; column < f->dx.w; column++) {
    float *dx = sa_pixel(f->dx, image, row * f->dx.w + column);
    sa_index left = column + f->window.padding;
    containing windows = {.count = 0};
    bool adds = f->mode == SA_ACCUMULATES;
    // Window i covers padded rows i * stride ..< i * stride + size.
    for (sa_index i = top < size ? 0 : (top - size) / stride + 1; i <= sa_least(top / stride, f->dy.h - 1); i++)
      for (sa_index j = left < size ? 0 : (left - size) / stride + 1; j <= sa_least(left / stride, f->dy.w - 1); j++) {
        if (windows.count == MOST_WINDOWS) {
          SA_IN_VECTORS(add_windows, lanes, padded, dx, &windows, share, adds, wins);
          windows.count = 0;
          adds = true;
        }
        sa_index pixel = i * f->dy.w + j;
        windows.dy[windows.count] = sa_pixel(f->dy, image, pixel);
        // Slices of wider pixels are too far apart for the hardware to fetch ahead.
        const float *later = windows.dy[windows.count] + PIXELS_AHEAD * f->dy.pixel_stride;
        for (sa_index c = 0; c < padded; c += 16) __builtin_prefetch(later + c, 0, 2);
        if (wins) windows.winner[windows.count] = f->winner + (image * f->dy.h * f->dy.w + pixel) * padded;
        windows.tap[windows.count++] = (int)((top - i * stride) * size + left - j * stride);
      }
    SA_IN_VECTORS(add_windows, lanes, padded, dx, &windows, share, adds, wins);
  }
}

/// Dividing by a stride that the compiler doesn't know costs more than all the rest.
SA_BODY pool_backward_body(void *argument, sa_index piece, int thread, const int lanes) {
  (void)thread;
  const backward_context *f = argument;
  if (f->window.stride == 2 && f->winner) backward_row(f, piece, 2, true, lanes);
  else if (f->window.stride == 2) backward_row(f, piece, 2, false, lanes);
  else if (f->winner) backward_row(f, piece, f->window.stride, true, lanes);
  else backward_row(f, piece, f->window.stride, false, lanes);
}
SA_WIDTH_VARIANTS(pool_backward)

static void run_backward(sa_map dx, sa_map dy, const uint8_t *winner, sa_window window, sa_write_mode mode, sa_pool *pool) {
  backward_context f = {dx, dy, winner, window, mode};
  sa_pool_run(pool, pool_backward(sa_best_instruction_set()), &f, dx.n * dx.h);
}

void sa_max_pool_backward(sa_map dx, sa_map dy, const uint8_t *winner, sa_window window, sa_write_mode mode, sa_pool *pool) {
  run_backward(dx, dy, winner, window, mode, pool);
}

void sa_average_pool_backward(sa_map dx, sa_map dy, sa_window window, sa_write_mode mode, sa_pool *pool) {
  run_backward(dx, dy, NULL, window, mode, pool);
}
