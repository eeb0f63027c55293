// 3x3 stride-1 convolution by Winograd's minimal filtering, F(4x4, 3x3) and F(2x2, 3x3), for output and input gradient.
// Lavin and Gray 2016.
#ifndef SA_WINOGRAD_H
#define SA_WINOGRAD_H
#include "convolution_internal.h"

bool sa_winograd_fits(sa_conv_geometry geometry);
/// Whether F(4x4), F(2x2) or the gathered product is fastest for an image of this size, from the table; a function of geometry and purpose.
sa_conv_algorithm sa_winograd_choice(sa_conv_geometry geometry, sa_conv_purpose purpose);

enum { SA_WINOGRAD_SIDES = 14, SA_WINOGRAD_WIDTHS = 6 };
static const sa_index sa_winograd_sides[SA_WINOGRAD_SIDES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 28};
static const sa_index sa_winograd_channels[SA_WINOGRAD_WIDTHS] = {8, 32, 64, 128, 256, 512};
extern const char sa_winograd_table[3][SA_WINOGRAD_SIDES][SA_WINOGRAD_WIDTHS][SA_WINOGRAD_WIDTHS + 1];

sa_index sa_winograd_packed_floats(sa_conv_plan plan);
void sa_winograd_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool);
sa_index sa_winograd_scratch_floats(sa_conv_plan plan, sa_index images, int threads);

/// Forward: writes `destination`; with moments, the epilogue is otherwise empty. Backward data: writes or accumulates; no prologue, no
/// epilogue.
void sa_winograd_run(
    sa_map destination, sa_map source, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_write_mode mode,
    sa_conv_plan plan, float *scratch, sa_pool *pool);

sa_index sa_winograd_weights_scratch_floats(sa_conv_plan plan, sa_index images, int threads);
void sa_winograd_weights_run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool);
#endif
