// Images with few channels are copied without their padding lanes, with zeros around them. Then the kernel_width * channels values under
// a kernel row are contiguous, and the convolution is one with a kernel_height x 1 kernel on "pixels" of that many channels, `channels`
// floats apart.
//
// Kernels of seven rows with stride 2 go on by minimal filtering along the rows (`stem_rows.c`).
#include "stem.h"

#include <stdbool.h>

#include "convolution_gemm.h"
#include "convolution_weights.h"
#include "stem_rows.h"

enum { MOST_CHANNELS = 4, SLACK = 64 };

bool sa_stem_fits(sa_conv_geometry g, sa_conv_purpose purpose) {
  return purpose != SA_CONV_BACKWARD_DATA && g.input_channels <= MOST_CHANNELS && g.groups == 1 && g.dilation == 1 && g.kernel_width > 1
      && g.kernel_height * g.kernel_width >= 9 && g.kernel_height <= 64;
}

/// The plan of the convolution on dense copies.
static sa_conv_plan inner_plan(sa_conv_plan plan) {
  sa_conv_geometry g = plan.geometry;
  sa_conv_plan inner = plan;
  inner.algorithm = SA_CONV_GEMM;
  inner.geometry = (sa_conv_geometry){
      .input_channels = g.kernel_width * g.input_channels, .output_channels = g.output_channels, .kernel_height = g.kernel_height,
      .kernel_width = 1, .stride = g.stride, .dilation = 1, .groups = 1,
      .input_height = (plan.output_height - 1) * g.stride + g.kernel_height,
      .input_width = (plan.output_width - 1) * g.stride + g.kernel_width};
  return inner;
}

static sa_index copy_floats(sa_conv_plan plan, sa_index images) {
  sa_conv_geometry g = inner_plan(plan).geometry;
  return sa_ceil_div(images * g.input_height * g.input_width * plan.geometry.input_channels + SLACK, 16) * 16;
}

sa_index sa_stem_packed_floats(sa_conv_plan plan) {
  return sa_stem_rows_fits(plan.geometry) ? sa_stem_rows_packed_floats(plan) : sa_gemm_packed_floats(inner_plan(plan));
}

void sa_stem_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool) {
  if (sa_stem_rows_fits(plan.geometry)) sa_stem_rows_pack(packed, weight, plan, pool);
  else sa_gemm_pack_rows(packed, weight, inner_plan(plan), plan.geometry.input_channels, pool);
}

sa_index sa_stem_scratch_floats(sa_conv_plan plan, sa_index images, int threads) {
  sa_conv_plan inner = inner_plan(plan);
  sa_index copies = copy_floats(plan, images);
  if (sa_stem_rows_fits(plan.geometry)) return copies + sa_stem_rows_scratch_floats(plan, images, threads);
  if (plan.purpose == SA_CONV_FORWARD) return copies + sa_gemm_scratch_floats(inner, images, threads);
  return copies + sa_weights_scratch_floats(inner, images, threads);
}

typedef struct {
  float *copy;
  sa_map input;
  sa_prologue prologue;
  sa_conv_geometry geometry, inner;
} context;

/// One row of one image's copy: zeros, the pixels after the prologue, zeros.
SA_BODY copy_row_of(const context *f, sa_index piece, const sa_index channels, const bool plain) {
  sa_index image = piece / f->inner.input_height, row = piece % f->inner.input_height - f->geometry.pad_top;
  sa_index width = f->inner.input_width, left = sa_least(f->geometry.pad_left, width);
  sa_index inside = row < 0 || row >= f->input.h ? 0 : sa_least(f->input.w, width - left);
  float scale[MOST_CHANNELS], shift[MOST_CHANNELS];
  for (sa_index c = 0; c < channels; c++) {
    scale[c] = sa_scale_at(f->prologue.affine, image, c);
    shift[c] = sa_shift_at(f->prologue.affine, image, c);
  }
  float *to = f->copy + piece * width * channels;
  for (sa_index i = 0; i < left * channels; i++) to[i] = 0;
  to += left * channels;
  const float *from = inside ? sa_pixel(f->input, image, row * f->input.w) : NULL;
  for (sa_index x = 0; x < inside; x++, to += channels, from += f->input.pixel_stride)
    for (sa_index c = 0; c < channels; c++) to[c] = plain ? from[c] : sa_activated(scale[c] * from[c] + shift[c], f->prologue.activation);
  for (sa_index i = 0; i < (width - left - inside) * channels; i++) to[i] = 0;
}

static void copy_row(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  bool plain = !f->prologue.affine.scale && !f->prologue.affine.shift && f->prologue.activation == SA_NO_ACTIVATION;
  sa_index channels = f->geometry.input_channels;
  if (plain && channels == 3) copy_row_of(f, piece, 3, true);
  else if (plain && channels == 1) copy_row_of(f, piece, 1, true);
  else copy_row_of(f, piece, channels, plain);
}

/// The dense copies, seen as pixels of kernel_width * channels values.
static sa_map copy_images(float *scratch, sa_map input, sa_prologue prologue, sa_conv_plan plan, sa_pool *pool) {
  context f = {scratch, input, prologue, plan.geometry, inner_plan(plan).geometry};
  sa_pool_run(pool, copy_row, &f, input.n * f.inner.input_height);
  sa_index used = input.n * f.inner.input_height * f.inner.input_width * plan.geometry.input_channels;
  for (sa_index i = used; i < copy_floats(plan, input.n); i++) scratch[i] = 0;
  return (sa_map){scratch, input.n, f.inner.input_height, f.inner.input_width, f.inner.input_channels, plan.geometry.input_channels};
}

void sa_stem_forward(
    sa_map output, sa_map input, const float *packed, sa_conv_epilogue epilogue, sa_prologue prologue, sa_conv_plan plan, float *scratch,
    sa_pool *pool) {
  sa_map copies = copy_images(scratch, input, prologue, plan, pool);
  if (sa_stem_rows_fits(plan.geometry)) {
    sa_stem_rows_forward(output, copies.data, packed, epilogue, plan, scratch + copy_floats(plan, input.n), pool);
    return;
  }
  sa_gemm_run(
      output, copies, packed, epilogue, (sa_prologue){0}, SA_WRITES, inner_plan(plan), scratch + copy_floats(plan, input.n), pool);
}

void sa_stem_backward_weights(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    float *scratch, sa_pool *pool) {
  sa_map copies = copy_images(scratch, input, prologue, plan, pool);
  if (sa_stem_rows_fits(plan.geometry)) {
    sa_stem_rows_backward_weights(weight_gradient, copies.data, output_gradient, mode, plan, scratch + copy_floats(plan, input.n), pool);
    return;
  }
  sa_weights_run_rows(
      weight_gradient, copies, output_gradient, mode, inner_plan(plan), plan.geometry.input_channels, scratch + copy_floats(plan,
          input.n), pool);
}
