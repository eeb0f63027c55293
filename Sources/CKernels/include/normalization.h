#ifndef SA_NORMALIZATION_H
#define SA_NORMALIZATION_H
#include "maps.h"
#include "pool.h"

/// Per image and channel [n, c]: the mean and the sum of squared deviations over all pixels, in double, centred per block of pixels
/// and merged by Chan's formula. Overwrites both.
void sa_channel_moments(double *mean, double *m2, sa_map x, sa_pool *pool);

/// y = activation(affine(x) + residual_affine(residual)); overwrites y, which may be x or the residual. The residual may be none.
void sa_affine_activate(
    sa_map y, sa_map x, sa_affine affine, sa_map residual, sa_affine residual_affine, sa_activation activation, sa_pool *pool);

/// Which values an activation let through, so that dz = dy where it did and 0 elsewhere (the edges 0 and 6 block, as PyTorch's).
/// Either from the activated output, or (output none) recomputed as `affine(x) + residual_affine(residual)`.
typedef struct sa_activation_mask {
  sa_activation activation;
  sa_map output;
  sa_affine affine;
  sa_map residual;
  sa_affine residual_affine;
} sa_activation_mask;

/// Per image and channel [n, c]: sum of dz, and sum of dz * (x - center). `center` has c values per image (`center_image_stride`, 0
/// shares them; NULL is 0). Overwrites both. `x` is the normalization's input; `sum_dz_x` and `x` may be NULL/none together
/// if the mask doesn't need x.
void sa_backward_sums(
    double *sum_dz, double *sum_dz_x, sa_map dy, sa_map x, const float *center, sa_index center_image_stride,
    sa_activation_mask mask, sa_pool *pool);

/// Coefficients of `dx = a * dz + b * x + c`, c values per image (`image_stride`, 0 shares them). NULL a is 1, NULL b or c is 0.
typedef struct sa_backward_affine {
  const float *a;
  const float *b;
  const float *c;
  sa_index image_stride;
} sa_backward_affine;

/// dx = a*dz + b*x + c (writes or accumulates), and dz itself for the residual's branch where `dz` isn't none (writes or accumulates
/// by its own mode). `dx` may be none when only dz is wanted; `x` may be none when b is NULL and the mask doesn't need it.
/// dx or dz may be dy itself.
void sa_backward_affine_apply(
    sa_map dx, sa_map dz, sa_map dy, sa_map x, sa_backward_affine coefficients, sa_activation_mask mask, sa_write_mode dx_mode,
    sa_write_mode dz_mode, sa_pool *pool);

/// sums[c] = sum over images and pixels of x, in double; overwrites. A bias's gradient.
void sa_channel_sums(double *sums, sa_map x, sa_pool *pool);
#endif
