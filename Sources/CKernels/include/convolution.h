#ifndef SA_CONVOLUTION_H
#define SA_CONVOLUTION_H
#include <stdbool.h>
#include "cpu.h"
#include "maps.h"
#include "pool.h"

/// A convolution on images of one size; `y[o,i,j] = sum of w[o,c,u,v] * x[c, i*stride - pad_top + u*dilation, ...]`, as PyTorch's.
typedef struct sa_conv_geometry {
  sa_index input_channels, output_channels;
  sa_index kernel_height, kernel_width;
  sa_index stride, dilation, groups;
  sa_index pad_top, pad_left, pad_bottom, pad_right;
  sa_index input_height, input_width;
} sa_conv_geometry;

sa_index sa_conv_output_height(sa_conv_geometry geometry);
sa_index sa_conv_output_width(sa_conv_geometry geometry);
/// Multiplications and additions of the direct algorithm, for one image.
double sa_conv_flops(sa_conv_geometry geometry);

typedef enum sa_conv_purpose {
  SA_CONV_FORWARD = 0,
  SA_CONV_BACKWARD_DATA = 1,
  SA_CONV_BACKWARD_WEIGHTS = 2,
} sa_conv_purpose;

typedef enum sa_conv_algorithm {
  SA_CONV_REFERENCE = 0,
  SA_CONV_GEMM = 1,
  SA_CONV_WINOGRAD_2 = 2,
  SA_CONV_WINOGRAD_4 = 3,
  SA_CONV_DEPTHWISE = 4,
  SA_CONV_STEM = 5,
} sa_conv_algorithm;

/// How a convolution is computed. Chosen from the geometry, never from batch or threads.
typedef struct sa_conv_plan {
  sa_conv_geometry geometry;
  sa_index output_height, output_width;
  sa_conv_purpose purpose;
  sa_conv_algorithm algorithm;
  sa_instruction_set instruction_set;
  /// Floats that `sa_conv_pack` writes; 0 for backward weights, which reads no weights.
  sa_index packed_floats;
  /// Whether forward and backward weights apply a prologue to the input. Otherwise pass none.
  bool takes_prologue;
} sa_conv_plan;

sa_conv_plan sa_conv_plan_make(sa_conv_geometry geometry, sa_conv_purpose purpose, sa_instruction_set set);
/// The same with the algorithm given; one that can't do this geometry becomes SA_CONV_REFERENCE. For tests and benchmarks.
sa_conv_plan sa_conv_plan_make_with(
    sa_conv_geometry geometry, sa_conv_purpose purpose, sa_conv_algorithm algorithm, sa_instruction_set set);
const char *sa_conv_algorithm_name(sa_conv_algorithm algorithm);

/// Floats of scratch that one call needs for a batch of `images` on a pool of `threads`. 64-byte aligned, contents free.
sa_index sa_conv_scratch_floats(sa_conv_plan plan, sa_index images, int threads);

/// Lays weights [O, I/groups, kh, kw] out for the plan (forward, backward data). Overwrites `packed` (plan.packed_floats, 64-byte aligned).
void sa_conv_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool);

/// What happens to a convolution's output before it is stored: `activation(scale * y + shift + residual)`. All zero: nothing.
/// The residual has the output's shape and may have any pixel stride; it must not overlap the output.
/// The moments, where given, are those of the raw `y`, per image and channel [n, O]: mean, and sum of squared deviations.
typedef struct sa_conv_epilogue {
  const float *scale;
  const float *shift;
  sa_map residual;
  sa_activation activation;
  double *moments_mean;
  double *moments_m2;
} sa_conv_epilogue;

/// Overwrites output [n, H', W', O] (and the moments). Input [n, H, W, I]; packed by a forward plan.
void sa_conv_forward(
    sa_map output, sa_map input, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool);

/// Writes or accumulates input_gradient [n, H, W, I] from output_gradient [n, H', W', O]; packed by a backward-data plan.
void sa_conv_backward_data(
    sa_map input_gradient, sa_map output_gradient, const float *packed, sa_write_mode mode, sa_conv_plan plan, float *scratch,
    sa_pool *pool);

/// Writes or accumulates weight_gradient [O, I/groups, kh, kw], summed over the batch. The prologue is applied to the input.
void sa_conv_backward_weights(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool);
#endif
