// A 7-row stride-2 stem by minimal filtering along its rows: forward pass and weight gradient on the dense copies that `stem.c` makes.
#ifndef SA_STEM_ROWS_H
#define SA_STEM_ROWS_H
#include "convolution_internal.h"

bool sa_stem_rows_fits(sa_conv_geometry geometry);
sa_index sa_stem_rows_packed_floats(sa_conv_plan plan);
void sa_stem_rows_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool);
/// Beside the copies.
sa_index sa_stem_rows_scratch_floats(sa_conv_plan plan, sa_index images, int threads);
/// Copies [n, rows, columns * input channels] of the pixels that the output reads, without padding lanes, 8 readable floats past the last.
void sa_stem_rows_forward(
    sa_map output, const float *copies, const float *packed, sa_conv_epilogue epilogue, sa_conv_plan plan, float *scratch, sa_pool *pool);
void sa_stem_rows_backward_weights(
    float *weight_gradient, const float *copies, sa_map output_gradient, sa_write_mode mode, sa_conv_plan plan, float *scratch,
    sa_pool *pool);
#endif
