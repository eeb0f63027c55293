#ifndef SA_INVERTED_RESIDUAL_H
#define SA_INVERTED_RESIDUAL_H
#include "convolution.h"

/// A convolution with what happens to its output: `activation(scale * (w * x) + shift)`; NULL scale is 1, NULL shift 0.
typedef struct sa_folded_convolution {
  sa_conv_plan plan;
  /// By the plan.
  const float *packed;
  const float *scale, *shift;
  sa_activation activation;
} sa_folded_convolution;

/// Expansion (1x1; `packed` NULL: none), depthwise convolution, projection (1x1). Sandler et al., "MobileNetV2", CVPR 2018.
typedef struct sa_inverted_residual {
  sa_folded_convolution expansion, depthwise, projection;
} sa_inverted_residual;

/// Whether these plans can run as one: the algorithms they chose and their sizes agree.
bool sa_inverted_residual_fits(const sa_conv_plan *expansion, sa_conv_plan depthwise, sa_conv_plan projection);

sa_index sa_inverted_residual_scratch_floats(sa_inverted_residual block, int threads);

/// Overwrites output with `projection(depthwise(expansion(input))) + residual`; the residual may be none or the input.
void sa_inverted_residual_run(
    sa_map output, sa_map input, sa_map residual, sa_inverted_residual block, float *scratch, sa_pool *pool);
#endif
