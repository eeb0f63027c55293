// The micro-kernel, a template over WIDTH (lanes of a vector), ROWS and VECTORS, included once per instruction set with WIDTH
// and TARGET defined. All accumulators live in registers; each step of the sum loads VECTORS vectors of B and broadcasts ROWS values of A.
// The order of the sum is the same for every tile shape, so a row's bits don't depend on where tiles fall.
#include "gemm.h"

typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef int veci __attribute__((vector_size(4 * WIDTH)));
typedef float vec_any __attribute__((vector_size(4 * WIDTH), aligned(4)));
typedef float half_any __attribute__((vector_size(32), aligned(4)));

#if WIDTH == 16
#define ALL(s) ((vec){(s), (s), (s), (s), (s), (s), (s), (s), (s), (s), (s), (s), (s), (s), (s), (s)})
#define LOW_HALF(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define FROM_HALF(p) \
  __builtin_shufflevector(*(const half_any *)(p), (half_any){0}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
#define ALL(s) ((vec){(s), (s), (s), (s), (s), (s), (s), (s)})
#endif
#define UNROLL _Pragma("clang loop unroll(full)")
// Steps of a sum: fewer instructions beside the multiply-adds, which a busy sibling thread would slow down (by 6 % on an Emerald Rapids).
#define BY_FOUR _Pragma("clang loop unroll_count(4)")

SA_BODY finish(const sa_gemm_tile *t, int row, int vector, vec *value, bool half) {
  vec v = *value;
  float *out = t->out[row] + vector * WIDTH;
#if WIDTH == 16
#define READ(p) (half ? FROM_HALF(p) : (vec) * (const vec_any *)(p))
#else
#define READ(p) ((vec) * (const vec_any *)(p))
#endif
  (void)half;
  if (t->add_previous) v += READ(out);
  if (t->scale) {
    v = v * *(const vec_any *)(t->scale + vector * WIDTH) + *(const vec_any *)(t->shift + vector * WIDTH);
    if (t->residual) v += READ(t->residual[row] + vector * WIDTH);
    if (t->activation != SA_NO_ACTIVATION) v = (vec)((veci)v & ~(v < 0));
    if (t->activation == SA_RELU6) v = (vec)(((veci)v & ~(v > 6)) | ((veci)ALL(6.0f) & (v > 6)));
  }
#if WIDTH == 16
  if (half) *(half_any *)out = LOW_HALF(v);
  else
#endif
    *(vec_any *)out = v;
#undef READ
}

SA_BODY tile(const sa_gemm_tile *t, const int rows, const int vectors) {
  vec sum[SA_GEMM_MOST_ROWS][SA_GEMM_MOST_VECTORS];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = (vec){0};
  const float *b = t->b, *ahead = t->ahead ? t->ahead : t->b;
  sa_index length = t->length;
  for (sa_index tap = 0; tap < t->taps; tap++) {
    const float *a[SA_GEMM_MOST_ROWS];
    UNROLL for (int r = 0; r < rows; r++) a[r] = t->a[tap * t->tap_step + r] + t->first_channel;
    BY_FOUR for (sa_index k = 0; k < length; k++) {
      vec column[SA_GEMM_MOST_VECTORS];
      UNROLL for (int v = 0; v < vectors; v++) column[v] = *(const vec *)(b + v * WIDTH);
      UNROLL for (int r = 0; r < rows; r++) {
        vec value = ALL(a[r][k]);
        UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += value * column[v];
      }
      b += vectors * WIDTH;
      __builtin_prefetch(ahead + k * 16, 0, 2);
    }
    ahead += length * 16;
  }
  bool plain = !t->add_previous && !t->scale;
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
    bool half = v == vectors - 1 && t->last_half;
    if (plain && !half) *(vec_any *)(t->out[r] + v * WIDTH) = sum[r][v];
    else finish(t, r, v, &sum[r][v], half);
  }
}

#define INSTANCE(ROWS, VECTORS) \
  TARGET static void tile_##ROWS##x##VECTORS(const sa_gemm_tile *t) { tile(t, ROWS, VECTORS); }
