// Convolution's entry points: geometry, the choice of an algorithm, dispatch.
#include "convolution_internal.h"

#include <string.h>

sa_index sa_conv_output_height(sa_conv_geometry g) {
  return (g.input_height + g.pad_top + g.pad_bottom - g.dilation * (g.kernel_height - 1) - 1) / g.stride + 1;
}

sa_index sa_conv_output_width(sa_conv_geometry g) {
  return (g.input_width + g.pad_left + g.pad_right - g.dilation * (g.kernel_width - 1) - 1) / g.stride + 1;
}

double sa_conv_flops(sa_conv_geometry g) {
  return 2.0 * (double)(sa_conv_output_height(g) * sa_conv_output_width(g)) * (double)g.output_channels
      * (double)(g.input_channels / g.groups * g.kernel_height * g.kernel_width);
}

static sa_index weight_count(sa_conv_geometry g) {
  return g.output_channels * (g.input_channels / g.groups) * g.kernel_height * g.kernel_width;
}

const char *sa_conv_algorithm_name(sa_conv_algorithm algorithm) {
  switch (algorithm) {
    case SA_CONV_GEMM: return "gemm";
    case SA_CONV_WINOGRAD_2: return "winograd 2x2";
    case SA_CONV_WINOGRAD_4: return "winograd 4x4";
    case SA_CONV_DEPTHWISE: return "depthwise";
    default: return "reference";
  }
}

sa_conv_plan sa_conv_plan_make(sa_conv_geometry geometry, sa_conv_purpose purpose, sa_instruction_set set) {
  return sa_conv_plan_make_with(geometry, purpose, SA_CONV_REFERENCE, set);
}

sa_conv_plan sa_conv_plan_make_with(
    sa_conv_geometry geometry, sa_conv_purpose purpose, sa_conv_algorithm algorithm, sa_instruction_set set) {
  (void)algorithm;
  sa_conv_plan plan = {.geometry = geometry, .purpose = purpose, .instruction_set = set};
  plan.output_height = sa_conv_output_height(geometry);
  plan.output_width = sa_conv_output_width(geometry);
  plan.algorithm = SA_CONV_REFERENCE;
  plan.packed_floats = purpose == SA_CONV_BACKWARD_WEIGHTS ? 0 : weight_count(geometry);
  plan.takes_prologue = purpose != SA_CONV_BACKWARD_DATA;
  return plan;
}

sa_index sa_conv_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  (void)plan, (void)images, (void)threads;
  return 0;
}

void sa_conv_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool) {
  (void)pool;
  memcpy(packed, weight, (size_t)weight_count(plan.geometry) * sizeof(float));
}

void sa_conv_forward(
    sa_map output, sa_map input, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  (void)scratch;
  sa_f32_conv_forward_ref(output, input, packed, prologue, plan, pool);
  if (epilogue.moments_mean) sa_channel_moments(epilogue.moments_mean, epilogue.moments_m2, output, pool);
  if (epilogue.scale || epilogue.shift || epilogue.residual.data || epilogue.activation != SA_NO_ACTIVATION)
    sa_affine_activate(
        output, output, (sa_affine){epilogue.scale, epilogue.shift, 0}, epilogue.residual, (sa_affine){0}, epilogue.activation, pool);
}

void sa_conv_backward_data(
    sa_map input_gradient, sa_map output_gradient, const float *packed, sa_write_mode mode, sa_conv_plan plan, float *scratch,
    sa_pool *pool) {
  (void)scratch;
  sa_f32_conv_backward_data_ref(input_gradient, output_gradient, packed, mode, plan, pool);
}

void sa_conv_backward_weights(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  (void)scratch;
  sa_f32_conv_backward_weights_ref(weight_gradient, input, output_gradient, mode, prologue, plan, pool);
}
