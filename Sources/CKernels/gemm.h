// Matrix products on gathered rows: `out[r, :] += sum over taps t, channels k of a[t][r][k] * b[t*length + k, :]`. Row pointers make
// an implicit im2col: a convolution's window is a list of taps, and no column matrix exists anywhere.
#ifndef SA_GEMM_H
#define SA_GEMM_H
#include <stdbool.h>

#include "variants.h"

/// One micro-tile: up to `rows` rows by `vectors` vectors of columns.
typedef struct sa_gemm_tile {
  float *const *out;           // [rows] pointers to the first column
  const float *const *a;       // [taps] groups of row pointers, `tap_step` apart
  sa_index tap_step, taps, first_channel, length;
  const float *b;              // [taps * length][vectors * vector width], 64-byte aligned
  const float *ahead;          // what is fetched into L2 meanwhile, 16 floats a step of the sum, or NULL
  const float *const *residual;  // [rows] pointers to the first column, or NULL
  const float *scale, *shift;  // [columns] or NULL: no epilogue
  sa_activation activation;
  bool add_previous;           // add what `out` holds (before the epilogue)
  bool last_half;              // the last vector (of 16) stores 8 lanes only
} sa_gemm_tile;

typedef void (*sa_gemm_tile_function)(const sa_gemm_tile *tile);

enum { SA_GEMM_MOST_ROWS = 6, SA_GEMM_MOST_VECTORS = 4 };

/// An instruction set's micro-kernels: function[rows - 1][vectors - 1] for rows 1...rows, vectors 1...vectors.
typedef struct sa_gemm_kernels {
  int rows, vectors, width;
  sa_gemm_tile_function function[SA_GEMM_MOST_ROWS][SA_GEMM_MOST_VECTORS];
} sa_gemm_kernels;

extern const sa_gemm_kernels sa_f32_gemm_ref;
extern const sa_gemm_kernels sa_f32_gemm_avx2;
extern const sa_gemm_kernels sa_f32_gemm_avx512;

static inline const sa_gemm_kernels *sa_gemm_kernels_for(sa_instruction_set set) {
  return set == SA_AVX512 ? &sa_f32_gemm_avx512 : set == SA_AVX2 ? &sa_f32_gemm_avx2 : &sa_f32_gemm_ref;
}

/// What tile `index` of a panel `width` columns wide and `depth` deep fetches of the next panel's same chunk: the first tiles a part each.
static inline const float *sa_gemm_ahead(const sa_gemm_tile *tile, sa_index depth, sa_index width, sa_index index) {
  return index < width / 16 ? tile->b + depth * width + tile->taps * tile->length * 16 * index : NULL;
}

/// Columns of one whole panel of B.
static inline sa_index sa_gemm_panel(const sa_gemm_kernels *kernels) { return kernels->vectors * kernels->width; }

/// Columns that `columns` take when the last panel is rounded up to whole vectors.
static inline sa_index sa_gemm_padded_columns(const sa_gemm_kernels *kernels, sa_index columns) {
  return sa_ceil_div(columns, kernels->width) * kernels->width;
}
#endif
