// Micro-kernel of 6 rows x 16 columns: 12 accumulators, 2 vectors of B, 1 broadcast in 16 ymm registers.
#if defined(__x86_64__)
#define WIDTH 8
#define TARGET SA_TARGET_AVX2
#include "gemm_tile.h"
#include "outer_tile.h"

#define ROW(R) INSTANCE(R, 1) INSTANCE(R, 2)
ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6)
#define ENTRY(R) {tile_##R##x1, tile_##R##x2}
const sa_gemm_kernels sa_f32_gemm_avx2 = {6, 2, 8, {ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4), ENTRY(5), ENTRY(6)}};

#define OUTER_ROW(R) OUTER(R, 1) OUTER(R, 2)
OUTER_ROW(1) OUTER_ROW(2) OUTER_ROW(3) OUTER_ROW(4) OUTER_ROW(5) OUTER_ROW(6)
#define OUTER_ENTRY(R) {outer_##R##x1, outer_##R##x2}
const sa_outer_kernels sa_f32_outer_avx2 = {
    2, 8, {OUTER_ENTRY(1), OUTER_ENTRY(2), OUTER_ENTRY(3), OUTER_ENTRY(4), OUTER_ENTRY(5), OUTER_ENTRY(6)}};
#else
#include "gemm.h"
#include "outer.h"
const sa_gemm_kernels sa_f32_gemm_avx2 = {0};
const sa_outer_kernels sa_f32_outer_avx2 = {0};
#endif
