// Parameter updates in PyTorch's order of operations, in pieces of 16 thousand values.
#include "optimizer.h"

#include <math.h>
#include <stddef.h>

#include "lanes.h"

enum { PIECE = 16384, PARTIALS = 64 };

typedef struct {
  float *p, *buffer;
  const float *g, *anchor;
  sa_index count;
  float rate, momentum, decay, gradient_scale;
  bool nesterov, first;
} sgd_context;

/// `anchor` is NULL or all there, known at compile time where this is inlined: the loop stays as tight as without.
static inline __attribute__((always_inline)) void sgd_piece(
    const sgd_context *context, sa_index first, sa_index end, const float *restrict anchor) {
  sgd_context f = *context;
  float *restrict p = f.p, *restrict buffer = f.buffer;
  const float *restrict gradient = f.g;
  if (!buffer) {
    for (sa_index i = first; i < end; i++)
      p[i] -= f.rate * (f.gradient_scale * gradient[i] + f.decay * (anchor ? p[i] - anchor[i] : p[i]));
    return;
  }
  float keep = f.first ? 0 : f.momentum;
  for (sa_index i = first; i < end; i++) {
    float g = f.gradient_scale * gradient[i] + f.decay * (anchor ? p[i] - anchor[i] : p[i]);
    float b = (f.first ? 0 : keep * buffer[i]) + g;
    buffer[i] = b;
    p[i] -= f.rate * (f.nesterov ? g + f.momentum * b : b);
  }
}

SA_BODY sgd_body(void *argument, sa_index piece) {
  const sgd_context *f = argument;
  sa_index first = piece * PIECE, end = sa_least(first + PIECE, f->count);
  if (f->anchor) sgd_piece(f, first, end, f->anchor);
  else sgd_piece(f, first, end, NULL);
}
SA_VARIANTS(sgd)

void sa_sgd_update(
    float *parameter, float *momentum_buffer, const float *gradient, const float *anchor, sa_index count, double learning_rate,
    double momentum, double weight_decay, bool nesterov, bool first_step, double gradient_scale, sa_pool *pool) {
  sgd_context f = {parameter, momentum == 0 ? NULL : momentum_buffer, gradient, anchor, count, (float)learning_rate, (float)momentum,
                   (float)weight_decay, (float)gradient_scale, nesterov, first_step};
  sa_pool_run(pool, sgd(), &f, sa_ceil_div(count, PIECE));
}

typedef struct {
  float *p, *m, *v;
  const float *g, *anchor;
  sa_index count;
  float shrink, pull, lean, keep, gain, root, step_size, epsilon, gradient_scale;
} adamw_context;

/// `anchor` as above.
static inline __attribute__((always_inline)) void adamw_piece(
    const adamw_context *context, sa_index first, sa_index end, const float *restrict anchor) {
  adamw_context f = *context;
  float *restrict p = f.p, *restrict first_moment = f.m, *restrict second_moment = f.v;
  const float *restrict gradient = f.g;
  sa_index i = first;
  for (; i + 8 <= end; i += 8) {
    sa_v8 g = f.gradient_scale * SA_LOAD8(gradient + i), m = SA_LOAD8(first_moment + i), v = SA_LOAD8(second_moment + i);
    m += (g - m) * f.lean;
    v = v * f.keep + f.gain * g * g;
    SA_STORE8(first_moment + i, m);
    SA_STORE8(second_moment + i, v);
    sa_v8 decayed = SA_LOAD8(p + i) * f.shrink;
    if (anchor) decayed += f.pull * SA_LOAD8(anchor + i);
    SA_STORE8(p + i, decayed - f.step_size * m / (__builtin_elementwise_sqrt(v) / f.root + f.epsilon));
  }
  for (; i < end; i++) {
    float g = f.gradient_scale * gradient[i];
    float m = first_moment[i] + (g - first_moment[i]) * f.lean;
    float v = second_moment[i] * f.keep + f.gain * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    float decayed = p[i] * f.shrink;
    if (anchor) decayed += f.pull * anchor[i];
    p[i] = decayed - f.step_size * m / (sqrtf(v) / f.root + f.epsilon);
  }
}

SA_BODY adamw_body(void *argument, sa_index piece) {
  const adamw_context *f = argument;
  sa_index first = piece * PIECE, end = sa_least(first + PIECE, f->count);
  if (f->anchor) adamw_piece(f, first, end, f->anchor);
  else adamw_piece(f, first, end, NULL);
}
SA_VARIANTS(adamw)

void sa_adamw_update(
    float *parameter, float *first_moment, float *second_moment, const float *gradient, const float *anchor, sa_index count,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay, sa_index step, double gradient_scale,
    sa_pool *pool) {
  double correction1 = 1 - pow(beta1, (double)step), correction2 = 1 - pow(beta2, (double)step);
  adamw_context f = {
      parameter, first_moment, second_moment, gradient, anchor, count, (float)(1 - learning_rate * weight_decay),
      (float)(learning_rate * weight_decay), (float)(1 - beta1), (float)beta2, (float)(1 - beta2), (float)sqrt(correction2), (float)(learning_rate / correction1), (float)epsilon,
      (float)gradient_scale};
  sa_pool_run(pool, adamw(), &f, sa_ceil_div(count, PIECE));
}

typedef struct {
  const float *x;
  sa_index count, per_piece;
  double partial[PARTIALS];
} squares_context;

SA_BODY squares_body(void *argument, sa_index piece) {
  squares_context *f = argument;
  sa_index first = piece * f->per_piece, end = sa_least(first + f->per_piece, f->count);
  double lanes[8] = {0};
  sa_index i = first;
  for (; i + 8 <= end; i += 8)
    for (int lane = 0; lane < 8; lane++) lanes[lane] += (double)f->x[i + lane] * (double)f->x[i + lane];
  for (; i < end; i++) lanes[0] += (double)f->x[i] * (double)f->x[i];
  double sum = 0;
  for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
  f->partial[piece] = sum;
}
SA_VARIANTS(squares)

double sa_sum_of_squares(const float *x, sa_index count, sa_pool *pool) {
  squares_context f = {.x = x, .count = count, .per_piece = sa_most(PIECE, sa_ceil_div(count, PARTIALS))};
  sa_index pieces = sa_ceil_div(count, f.per_piece);
  sa_pool_run(pool, squares(), &f, pieces);
  double sum = 0;
  for (sa_index piece = 0; piece < pieces; piece++) sum += f.partial[piece];
  return sum;
}
