// A network's first convolution, on images of one to four channels, as a gathered matrix product whose taps are whole kernel rows.
#ifndef SA_STEM_H
#define SA_STEM_H
#include "convolution_internal.h"

bool sa_stem_fits(sa_conv_geometry geometry, sa_conv_purpose purpose);
sa_index sa_stem_packed_floats(sa_conv_plan plan);
void sa_stem_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool);
sa_index sa_stem_scratch_floats(sa_conv_plan plan, sa_index images, int threads);
void sa_stem_forward(
    sa_map output, sa_map input, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_conv_plan plan, float *scratch,
    sa_pool *pool);
void sa_stem_backward_weights(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool);
#endif
