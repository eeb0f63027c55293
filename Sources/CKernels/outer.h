// Sums of outer products: `c[r, :] += sum over pixels p of a[p][r] * b[p, :]`, the product behind weight gradients.
#ifndef SA_OUTER_H
#define SA_OUTER_H
#include <stdbool.h>

#include "variants.h"

/// One micro-tile: up to 6 rows by `vectors` vectors. a [pixels, a_stride], b [pixels, columns of the tile] aligned to vectors, c [rows,
/// c_stride].
typedef struct sa_outer_tile {
  float *c;
  sa_index c_stride;
  const float *a;
  sa_index a_stride;
  const float *b;
  sa_index b_stride, pixels;
  const float *ahead;  // what is fetched into L2 meanwhile, a cache line with each pixel, `ahead_stride` floats apart; or NULL
  sa_index ahead_stride;
  bool add_previous;
} sa_outer_tile;

typedef void (*sa_outer_tile_function)(const sa_outer_tile *tile);

enum { SA_OUTER_ROWS = 6, SA_OUTER_MOST_VECTORS = 4 };

typedef struct sa_outer_kernels {
  int vectors, width;
  sa_outer_tile_function function[SA_OUTER_ROWS][SA_OUTER_MOST_VECTORS];
} sa_outer_kernels;

extern const sa_outer_kernels sa_f32_outer_ref;
extern const sa_outer_kernels sa_f32_outer_avx2;
extern const sa_outer_kernels sa_f32_outer_avx512;

static inline const sa_outer_kernels *sa_outer_kernels_for(sa_instruction_set set) {
  return set == SA_AVX512 ? &sa_f32_outer_avx512 : set == SA_AVX2 ? &sa_f32_outer_avx2 : &sa_f32_outer_ref;
}
#endif
