// Convolution as a gathered matrix product: output and input gradient.
#ifndef SA_CONVOLUTION_GEMM_H
#define SA_CONVOLUTION_GEMM_H
#include "convolution_internal.h"

sa_index sa_gemm_packed_floats(sa_conv_plan plan);
/// Packs weights [O, row_channels, kh, kw'] whose kernel rows are the plan's channels: channel v * row_channels + c of the plan is (c,
/// column v).
void sa_gemm_pack_rows(float *packed, const float *weight, sa_conv_plan plan, sa_index row_channels, sa_pool *pool);
void sa_gemm_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool);

sa_index sa_gemm_scratch_floats(sa_conv_plan plan, sa_index images, int threads);

/// Whether `sa_gemm_run` can take an image's moments while its output is in cache.
bool sa_gemm_fuses_moments(sa_conv_plan plan);

/// Forward: writes `destination`, applying the prologue to the source and the epilogue to the result. With moments, the epilogue is
/// otherwise empty. Backward data: writes or accumulates; prologue and epilogue empty.
void sa_gemm_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool);
#endif
