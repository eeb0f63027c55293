#ifndef SA_GRADIENT_EPILOGUE_H
#define SA_GRADIENT_EPILOGUE_H
#include "convolution.h"
#include "normalization.h"

/// What the normalization before a convolution wants of the convolution's input gradient g, done while g is in cache:
///
///     dz = g where the activation let through, else 0
///     sum_dz, sum_dz_x        as `sa_backward_sums` on (g, x)
///     what is stored          dz, or where `scale` is given `scale * dz` (the destination's earlier contributions stay beside it)
typedef struct sa_gradient_epilogue {
  /// The normalization's input.
  sa_map x;
  /// Its residual is none.
  sa_activation_mask mask;
  /// c values for all images; NULL is 0.
  const float *center;
  sa_index center_image_stride;
  /// Per image and channel [n, c], overwritten.
  double *sum_dz, *sum_dz_x;
  /// c values for all images, or NULL: see above.
  const float *scale;
} sa_gradient_epilogue;

/// Whether this plan's input gradient can be finished on the way: 1x1 kernels with stride 1, on maps that aren't tiny; with a scale, not
/// too many output channels.
bool sa_conv_takes_gradient_epilogue(sa_conv_plan plan, bool scaled);

sa_index sa_conv_gradient_epilogue_scratch_floats(sa_conv_plan plan, sa_index images, int threads);

/// `sa_conv_backward_data` with the epilogue. Without a scale and with SA_ACCUMULATES, g is the whole sum, with what the destination held.
/// With a scale, g is this convolution's contribution alone, and the mode is that of `scale * dz`.
void sa_conv_backward_data_finished(
    sa_map input_gradient, sa_map output_gradient, const float *packed, sa_write_mode mode, sa_gradient_epilogue epilogue,
    sa_conv_plan plan, float *scratch, sa_pool *pool);
#endif
