// A convolution's weight gradient as sums of outer products of gathered input pixels and output gradients.
#ifndef SA_CONVOLUTION_WEIGHTS_H
#define SA_CONVOLUTION_WEIGHTS_H
#include "convolution_internal.h"

sa_index sa_weights_scratch_floats(sa_conv_plan plan, sa_index images, int threads);
void sa_weights_run(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool);

/// The same, without a prologue, for a plan whose channels are kernel rows of [O, row_channels, kh, kw'] weights: channel v *
/// row_channels + c is (c, column v). Input pixels need no alignment, but 8 readable floats past the last.
void sa_weights_run_rows(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_conv_plan plan, sa_index row_channels,
    float *scratch, sa_pool *pool);
#endif
