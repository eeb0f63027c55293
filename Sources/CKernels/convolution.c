// Convolution's entry points: geometry, the choice of an algorithm, dispatch.
#include <string.h>

#include "convolution_gemm.h"
#include "convolution_internal.h"
#include "convolution_weights.h"
#include "depthwise.h"
#include "gather.h"
#include "stem.h"
#include "winograd.h"

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
    case SA_CONV_STEM: return "stem";
    default: return "reference";
  }
}

static bool can(sa_conv_algorithm algorithm, sa_conv_geometry geometry, sa_conv_purpose purpose) {
  switch (algorithm) {
    case SA_CONV_REFERENCE: return true;
    case SA_CONV_GEMM: return sa_gather_fits(geometry);
    case SA_CONV_DEPTHWISE: return sa_depthwise_fits(geometry);
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4: return sa_winograd_fits(geometry);
    case SA_CONV_STEM: return sa_stem_fits(geometry, purpose);
    default: return false;
  }
}

sa_conv_plan sa_conv_plan_make(sa_conv_geometry geometry, sa_conv_purpose purpose, sa_instruction_set set) {
  sa_conv_algorithm algorithm = SA_CONV_GEMM;
  if (sa_depthwise_fits(geometry)) algorithm = SA_CONV_DEPTHWISE;
  else if (sa_stem_fits(geometry, purpose)) algorithm = SA_CONV_STEM;
  else algorithm = sa_winograd_choice(geometry, purpose);
  return sa_conv_plan_make_with(geometry, purpose, algorithm, set);
}

sa_conv_plan sa_conv_plan_make_with(
    sa_conv_geometry geometry, sa_conv_purpose purpose, sa_conv_algorithm algorithm, sa_instruction_set set) {
  sa_conv_plan plan = {.geometry = geometry, .purpose = purpose, .instruction_set = set};
  plan.output_height = sa_conv_output_height(geometry);
  plan.output_width = sa_conv_output_width(geometry);
  plan.algorithm = can(algorithm, geometry, purpose) ? algorithm : SA_CONV_REFERENCE;
  plan.takes_prologue = purpose != SA_CONV_BACKWARD_DATA;
  if (purpose == SA_CONV_BACKWARD_WEIGHTS) return plan;
  switch (plan.algorithm) {
    case SA_CONV_GEMM: plan.packed_floats = sa_gemm_packed_floats(plan); break;
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4: plan.packed_floats = sa_winograd_packed_floats(plan); break;
    case SA_CONV_STEM: plan.packed_floats = sa_stem_packed_floats(plan); break;
    case SA_CONV_DEPTHWISE: plan.packed_floats = sa_depthwise_packed_floats(plan); break;
    default: plan.packed_floats = weight_count(geometry);
  }
  return plan;
}

sa_index sa_conv_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  switch (plan.algorithm) {
    case SA_CONV_GEMM:
      return plan.purpose == SA_CONV_BACKWARD_WEIGHTS ? sa_weights_scratch_floats(plan, images, threads)
                                                      : sa_gemm_scratch_floats(plan, images, threads);
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4:
      return plan.purpose == SA_CONV_BACKWARD_WEIGHTS ? sa_winograd_weights_scratch_floats(plan, images, threads)
                                                      : sa_winograd_scratch_floats(plan, images, threads);
    case SA_CONV_STEM: return sa_stem_scratch_floats(plan, images, threads);
    case SA_CONV_DEPTHWISE: return sa_depthwise_scratch_floats(plan, images, threads);
    default: return 0;
  }
}

void sa_conv_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool) {
  switch (plan.algorithm) {
    case SA_CONV_GEMM: sa_gemm_pack(packed, weight, plan, pool); break;
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4: sa_winograd_pack(packed, weight, plan, pool); break;
    case SA_CONV_STEM: sa_stem_pack(packed, weight, plan, pool); break;
    case SA_CONV_DEPTHWISE: sa_depthwise_pack(packed, weight, plan); break;
    default: memcpy(packed, weight, (size_t)weight_count(plan.geometry) * sizeof(float));
  }
}

static bool is_plain(sa_conv_epilogue e) { return !e.scale && !e.shift && !e.residual.data && e.activation == SA_NO_ACTIVATION; }

/// Whether the algorithm can do this epilogue itself. Moments are of the raw output: beside another epilogue they need a pass of their own.
static bool fuses(sa_conv_plan plan, sa_conv_epilogue epilogue) {
  if (plan.algorithm == SA_CONV_REFERENCE) return is_plain(epilogue) && !epilogue.moments_mean;
  return !epilogue.moments_mean || (is_plain(epilogue) && ((plan.algorithm != SA_CONV_GEMM && plan.algorithm != SA_CONV_STEM)
      || sa_gemm_fuses_moments(plan)));
}

void sa_conv_forward(
    sa_map output, sa_map input, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  sa_conv_epilogue fused = fuses(plan, epilogue) ? epilogue : (sa_conv_epilogue){0};
  switch (plan.algorithm) {
    case SA_CONV_GEMM: sa_gemm_run(output, input, packed, fused, prologue, SA_WRITES, plan, scratch, pool); break;
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4: sa_winograd_run(output, input, packed, fused, prologue, SA_WRITES, plan, scratch, pool); break;
    case SA_CONV_STEM: sa_stem_forward(output, input, packed, fused, prologue, plan, scratch, pool); break;
    case SA_CONV_DEPTHWISE: sa_depthwise_run(output, input, packed, fused, prologue, SA_WRITES, plan, scratch, pool); break;
    default: sa_f32_conv_forward_ref(output, input, packed, prologue, plan, pool);
  }
  if (fuses(plan, epilogue)) return;
  if (epilogue.moments_mean) sa_channel_moments(epilogue.moments_mean, epilogue.moments_m2, output, pool);
  if (!is_plain(epilogue))
    sa_affine_activate(
        output, output, (sa_affine){epilogue.scale, epilogue.shift, 0}, epilogue.residual, (sa_affine){0}, epilogue.activation, pool);
}

void sa_conv_backward_data(
    sa_map input_gradient, sa_map output_gradient, const float *packed, sa_write_mode mode, sa_conv_plan plan, float *scratch,
    sa_pool *pool) {
  switch (plan.algorithm) {
    case SA_CONV_GEMM:
      sa_gemm_run(
          input_gradient, output_gradient, packed, (sa_conv_epilogue){0}, (sa_prologue){0}, mode, plan, scratch, pool);
      break;
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4:
      sa_winograd_run(
          input_gradient, output_gradient, packed, (sa_conv_epilogue){0}, (sa_prologue){0}, mode, plan, scratch, pool);
      break;
    case SA_CONV_DEPTHWISE:
      sa_depthwise_run(
          input_gradient, output_gradient, packed, (sa_conv_epilogue){0}, (sa_prologue){0}, mode, plan, scratch, pool);
      break;
    default: sa_f32_conv_backward_data_ref(input_gradient, output_gradient, packed, mode, plan, pool);
  }
}

void sa_conv_backward_weights(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  switch (plan.algorithm) {
    case SA_CONV_GEMM: sa_weights_run(weight_gradient, input, output_gradient, mode, prologue, plan, scratch, pool); break;
    case SA_CONV_WINOGRAD_2:
    case SA_CONV_WINOGRAD_4:
      sa_winograd_weights_run(weight_gradient, input, output_gradient, mode, prologue, plan, scratch, pool);
      break;
    case SA_CONV_STEM: sa_stem_backward_weights(weight_gradient, input, output_gradient, mode, prologue, plan, scratch, pool); break;
    case SA_CONV_DEPTHWISE:
      sa_depthwise_weights_run(weight_gradient, input, output_gradient, mode, prologue, plan, scratch, pool);
      break;
    default: sa_f32_conv_backward_weights_ref(weight_gradient, input, output_gradient, mode, prologue, plan, pool);
  }
}
