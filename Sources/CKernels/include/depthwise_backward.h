#ifndef SA_DEPTHWISE_BACKWARD_H
#define SA_DEPTHWISE_BACKWARD_H
#include "convolution.h"
#include "normalization.h"

/// What the whole backward pass of a depthwise convolution reads and yields. With y the convolution's output and x what it read through
/// `prologue`, in one pass over memory:
///
///     dz = a * masked(dy) + b * y + c        the normalization after it, as `sa_backward_affine_apply`
///     weight_gradient = sums of dz * activated x
///     dx = dz through the turned kernel      the gradient of the activated x
///     sum_dz, sum_dz_x                       of dx and the normalization before it, as `sa_backward_sums` on (dx, x)
typedef struct sa_depthwise_backward {
  sa_map dy;
  /// None where neither coefficients nor mask need it.
  sa_map y;
  sa_backward_affine coefficients;
  /// Recomputed from y: its output and residual are none.
  sa_activation_mask mask;
  /// None where neither the weight gradient nor the sums are wanted.
  sa_map x;
  sa_prologue prologue;
  /// Packed by a backward-data plan of the depthwise algorithm.
  const float *packed;
  /// Written.
  sa_map dx;
  /// [C, 1, kh, kw], written; NULL where it isn't wanted.
  float *weight_gradient;
  /// Per image and channel, written; NULL together where they aren't wanted.
  double *sum_dz, *sum_dz_x;
  const float *center;
  sa_index center_image_stride;
} sa_depthwise_backward;

sa_index sa_depthwise_backward_scratch_floats(sa_conv_plan plan, sa_index images, int threads);

void sa_depthwise_backward_run(sa_depthwise_backward job, sa_conv_plan plan, float *scratch, sa_pool *pool);
#endif
