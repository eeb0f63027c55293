// Depthwise convolution, direct, vectorized over channels: output, input gradient, weight gradient.
#ifndef SA_DEPTHWISE_H
#define SA_DEPTHWISE_H
#include "convolution_internal.h"

bool sa_depthwise_fits(sa_conv_geometry geometry);
sa_index sa_depthwise_packed_floats(sa_conv_plan plan);
void sa_depthwise_pack(float *packed, const float *weight, sa_conv_plan plan);
sa_index sa_depthwise_scratch_floats(sa_conv_plan plan, sa_index images, int threads);

/// Forward: writes `destination`; with moments, the epilogue is otherwise empty. Backward data: writes or accumulates; no prologue, no
/// epilogue.
void sa_depthwise_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool);

void sa_depthwise_weights_run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool);
#endif
