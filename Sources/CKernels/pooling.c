// Maximum, average and global pooling. Pieces are rows of the result; backward, each pixel adds up the windows that contain it, in their
// order.
//
// One core of a Zen 4, ResNet's 3x3 pooling of 112x112x64: forward 0.3 ms (0.4 with winners), backward 0.36 ms (scattering windows 1.2).
#include "pooling.h"

#include <stdbool.h>

#include "lanes.h"

/// Eight winners.
typedef unsigned char bytes __attribute__((vector_size(8), aligned(1)));

typedef struct {
  sa_map y, x;
  uint8_t *winner;
  sa_map entered;
  sa_prologue prologue;
  sa_window window;
} forward_context;

/// What is kept of a maximum beside itself.
typedef enum { NOTHING, TAP, INPUT } keeping;

/// The input's eight channels at a tap, after the prologue.
#define READ8(v, f, a, b, i, image, row, column, channel, has_prologue, activation)                 \
  do {                                                                                              \
    (v) = SA_LOAD8(sa_pixel((f)->x, image, (row) * (f)->x.w + (column)) + (channel));               \
    if (has_prologue) {                                                                             \
      (v) = SA_LOAD8((a) + (i)) * (v) + SA_LOAD8((b) + (i));                                        \
      SA_ACTIVATE8(v, activation);                                                                  \
    }                                                                                               \
  } while (0)

static bool has_prologue(const forward_context *f) {
  return f->prologue.affine.scale || f->prologue.affine.shift || f->prologue.activation != SA_NO_ACTIVATION;
}

/// One output row, eight channels after the other; compiled for each kind of reading and of keeping.
SA_BODY max_row_of(const forward_context *f, sa_index piece, const bool reads, const sa_activation activation, const keeping keeps) {
  sa_index image = piece / f->y.h, row = piece % f->y.h, size = f->window.size, padded = sa_padded(f->y.c);
  float a[SA_CHUNK], b[SA_CHUNK];
  for (sa_index first = 0; first < padded; first += SA_CHUNK) {
    sa_index width = sa_least(SA_CHUNK, padded - first);
    if (reads) sa_gather_affine(a, b, f->prologue.affine, image, first, width, f->y.c);
    for (sa_index column = 0; column < f->y.w; column++) {
      sa_index top = row * f->window.stride - f->window.padding, left = column * f->window.stride - f->window.padding;
      sa_index u0 = sa_most(0, -top), u1 = sa_least(size, f->x.h - top), v0 = sa_most(0, -left), v1 = sa_least(size, f->x.w - left);
      for (sa_index i = 0; i < width; i += 8) {
        sa_v8 best;
        READ8(best, f, a, b, i, image, top + u0, left + v0, first + i, reads, activation);
        int first_tap = (int)(u0 * size + v0);
        sa_v8i tap = {first_tap, first_tap, first_tap, first_tap, first_tap, first_tap, first_tap, first_tap};
        sa_v8 input = {0};
        if (keeps == INPUT) input = SA_LOAD8(sa_pixel(f->x, image, (top + u0) * f->x.w + left + v0) + first + i);
        for (sa_index u = u0; u < u1; u++)
          for (sa_index v = v0; v < v1; v++) {
            sa_v8 x;
            READ8(x, f, a, b, i, image, top + u, left + v, first + i, reads, activation);
            sa_v8i better = (x > best) | (x != x);
            best = (sa_v8)(((sa_v8i)x & better) | ((sa_v8i)best & ~better));
            if (keeps == TAP) {
              int index = (int)(u * size + v);
              sa_v8i here = {index, index, index, index, index, index, index, index};
              tap = (here & better) | (tap & ~better);
            } else if (keeps == INPUT) {
              sa_v8 here = SA_LOAD8(sa_pixel(f->x, image, (top + u) * f->x.w + left + v) + first + i);
              input = (sa_v8)(((sa_v8i)here & better) | ((sa_v8i)input & ~better));
            }
          }
        sa_index pixel = row * f->y.w + column;
        SA_STORE8(sa_pixel(f->y, image, pixel) + first + i, best);
        if (keeps == TAP) {
          uint8_t *to = f->winner + (image * f->y.h * f->y.w + pixel) * padded + first + i;
          *(bytes *)to = __builtin_convertvector(tap, bytes);
        } else if (keeps == INPUT) {
          SA_STORE8(sa_pixel(f->entered, image, pixel) + first + i, input);
        }
      }
    }
  }
}

SA_BODY max_row_body(void *argument, sa_index piece) {
  const forward_context *f = argument;
#define MAX_ROW(READS, ACTIVATION)                                           \
  if (f->winner) max_row_of(f, piece, READS, ACTIVATION, TAP);               \
  else if (f->entered.data) max_row_of(f, piece, READS, ACTIVATION, INPUT);  \
  else max_row_of(f, piece, READS, ACTIVATION, NOTHING)
  if (!has_prologue(f)) {
    MAX_ROW(false, SA_NO_ACTIVATION);
  } else if (f->prologue.activation == SA_RELU) {
    MAX_ROW(true, SA_RELU);
  } else {
    MAX_ROW(true, f->prologue.activation);
  }
}
SA_VARIANTS(max_row)

void sa_max_pool(sa_map y, uint8_t *winner, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool) {
  forward_context f = {y, x, winner, (sa_map){0}, prologue, window};
  sa_pool_run(pool, max_row(), &f, y.n * y.h);
}

void sa_max_pool_inputs(sa_map y, sa_map entered, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool) {
  forward_context f = {y, x, NULL, entered, prologue, window};
  sa_pool_run(pool, max_row(), &f, y.n * y.h);
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
      sa_index u0 = sa_most(0, -top), u1 = sa_least(size, f->x.h - top), v0 = sa_most(0, -left), v1 = sa_least(size, f->x.w - left);
      for (sa_index i = 0; i < width; i += 8) {
        sa_v8 sum = {0};
        for (sa_index u = u0; u < u1; u++)
          for (sa_index v = v0; v < v1; v++) {
            sa_v8 x;
            READ8(x, f, a, b, i, image, top + u, left + v, first + i, true, f->prologue.activation);
            sum += x;
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

enum { MOST_WINDOWS = 16 };

/// Windows that contain one input pixel: where their gradients and winners are, and which of their taps the pixel is.
typedef struct {
  int count, tap[MOST_WINDOWS];
  const float *dy[MOST_WINDOWS];
  const uint8_t *winner[MOST_WINDOWS];
} containing;

/// A maximum's gradient goes to the winner, an average's to every tap.
SA_BODY add_windows(float *dx, const containing *windows, sa_index padded, float share, bool adds, const bool wins) {
  for (sa_index i = 0; i < padded; i += 8) {
    sa_v8 sum = {0};
    if (adds) sum = SA_LOAD8(dx + i);
    for (int w = 0; w < windows->count; w++) {
      sa_v8 g = SA_LOAD8(windows->dy[w] + i);
      if (wins) {
        sa_v8i won = __builtin_convertvector(*(const bytes *)(windows->winner[w] + i), sa_v8i) == windows->tap[w];
        g = (sa_v8)((sa_v8i)g & won);
      } else {
        g *= SA_ALL8(share);
      }
      sum += g;
    }
    SA_STORE8(dx + i, sum);
  }
}

enum { PIXELS_AHEAD = 8 };

/// One row of the input's gradient.
SA_BODY pool_backward_body(void *argument, sa_index piece) {
  const backward_context *f = argument;
  sa_index image = piece / f->dx.h, row = piece % f->dx.h, padded = sa_padded(f->dy.c);
  sa_index size = f->window.size, stride = f->window.stride, top = row + f->window.padding;
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
          if (f->winner) add_windows(dx, &windows, padded, share, adds, true);
          else add_windows(dx, &windows, padded, share, adds, false);
          windows.count = 0;
          adds = true;
        }
        sa_index pixel = i * f->dy.w + j;
        windows.dy[windows.count] = sa_pixel(f->dy, image, pixel);
        // Slices of wider pixels are too far apart for the hardware to fetch ahead.
        const float *later = windows.dy[windows.count] + PIXELS_AHEAD * f->dy.pixel_stride;
        for (sa_index c = 0; c < padded; c += 16) __builtin_prefetch(later + c, 0, 2);
        if (f->winner) windows.winner[windows.count] = f->winner + (image * f->dy.h * f->dy.w + pixel) * padded;
        windows.tap[windows.count++] = (int)((top - i * stride) * size + left - j * stride);
      }
    if (f->winner) add_windows(dx, &windows, padded, share, adds, true);
    else add_windows(dx, &windows, padded, share, adds, false);
  }
}
SA_VARIANTS(pool_backward)

static void run_backward(sa_map dx, sa_map dy, const uint8_t *winner, sa_window window, sa_write_mode mode, sa_pool *pool) {
  backward_context f = {dx, dy, winner, window, mode};
  sa_pool_run(pool, pool_backward(), &f, dx.n * dx.h);
}

void sa_max_pool_backward(sa_map dx, sa_map dy, const uint8_t *winner, sa_window window, sa_write_mode mode, sa_pool *pool) {
  run_backward(dx, dy, winner, window, mode, pool);
}

void sa_average_pool_backward(sa_map dx, sa_map dy, sa_window window, sa_write_mode mode, sa_pool *pool) {
  run_backward(dx, dy, NULL, window, mode, pool);
}
