// Micro-kernel of 4 rows x 8 columns in whatever vectors the compiler's default target has.
#define WIDTH 8
#define TARGET
#include "gemm_tile.h"
#include "outer_tile.h"

INSTANCE(1, 1) INSTANCE(2, 1) INSTANCE(3, 1) INSTANCE(4, 1)
const sa_gemm_kernels sa_f32_gemm_ref = {4, 1, 8, {{tile_1x1}, {tile_2x1}, {tile_3x1}, {tile_4x1}}};

OUTER(1, 1) OUTER(2, 1) OUTER(3, 1) OUTER(4, 1) OUTER(5, 1) OUTER(6, 1)
const sa_outer_kernels sa_f32_outer_ref = {1, 8, {{outer_1x1}, {outer_2x1}, {outer_3x1}, {outer_4x1}, {outer_5x1}, {outer_6x1}}};
