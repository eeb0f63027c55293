// The outer-product micro-kernel, a template like `gemm_tile.h`: included after it, with the same WIDTH and TARGET.
#include "outer.h"

SA_BODY outer(const sa_outer_tile *t, const int rows, const int vectors) {
  vec sum[SA_OUTER_ROWS][SA_OUTER_MOST_VECTORS];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = (vec){0};
  const float *a = t->a, *b = t->b, *ahead = t->ahead ? t->ahead : t->b;
  sa_index a_stride = t->a_stride, b_stride = t->b_stride, ahead_stride = t->ahead_stride;
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) __builtin_prefetch(t->c + r * t->c_stride + v * WIDTH, 1);
  for (sa_index p = 0; p < t->pixels; p++, a += a_stride, b += b_stride) {
    vec column[SA_OUTER_MOST_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) column[v] = *(const vec *)(b + v * WIDTH);
    UNROLL for (int r = 0; r < rows; r++) {
      vec value = ALL(a[r]);
      UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += value * column[v];
    }
    __builtin_prefetch(ahead, 0, 2);
    ahead += ahead_stride;
  }
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
    vec *c = (vec *)(t->c + r * t->c_stride + v * WIDTH);
    *c = t->add_previous ? *c + sum[r][v] : sum[r][v];
  }
}

#define OUTER(ROWS, VECTORS) \
  TARGET static void outer_##ROWS##x##VECTORS(const sa_outer_tile *t) { outer(t, ROWS, VECTORS); }
