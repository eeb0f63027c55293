// Micro-kernel of 6 rows x 64 columns: 24 accumulators, 4 vectors of B, 1 broadcast in 32 zmm registers.
#if defined(__x86_64__)
#define WIDTH 16
#define TARGET SA_TARGET_AVX512
#include "gemm_tile.h"
#include "outer_tile.h"

#define ROW(R) INSTANCE(R, 1) INSTANCE(R, 2) INSTANCE(R, 3) INSTANCE(R, 4)
ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6)
#define ENTRY(R) {tile_##R##x1, tile_##R##x2, tile_##R##x3, tile_##R##x4}
const sa_gemm_kernels sa_f32_gemm_avx512 = {6, 4, 16, {ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4), ENTRY(5), ENTRY(6)}};

#define OUTER_ROW(R) OUTER(R, 1) OUTER(R, 2) OUTER(R, 3) OUTER(R, 4)
OUTER_ROW(1) OUTER_ROW(2) OUTER_ROW(3) OUTER_ROW(4) OUTER_ROW(5) OUTER_ROW(6)
#define OUTER_ENTRY(R) {outer_##R##x1, outer_##R##x2, outer_##R##x3, outer_##R##x4}
const sa_outer_kernels sa_f32_outer_avx512 = {
    4, 16, {OUTER_ENTRY(1), OUTER_ENTRY(2), OUTER_ENTRY(3), OUTER_ENTRY(4), OUTER_ENTRY(5), OUTER_ENTRY(6)}};
#else
#include "gemm.h"
#include "outer.h"
const sa_gemm_kernels sa_f32_gemm_avx512 = {0};
const sa_outer_kernels sa_f32_outer_avx512 = {0};
#endif
