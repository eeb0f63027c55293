// What the convolution files share: each algorithm's entry points, which `convolution.c` dispatches to.
#ifndef SA_CONVOLUTION_INTERNAL_H
#define SA_CONVOLUTION_INTERNAL_H
#include "convolution.h"
#include "normalization.h"
#include "variants.h"

void sa_f32_conv_forward_ref(
    sa_map output, sa_map input, const float *weight, sa_prologue prologue, sa_conv_plan plan, sa_pool *pool);
void sa_f32_conv_backward_data_ref(
    sa_map input_gradient, sa_map output_gradient, const float *weight, sa_write_mode mode, sa_conv_plan plan, sa_pool *pool);
void sa_f32_conv_backward_weights_ref(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    sa_pool *pool);
#endif
