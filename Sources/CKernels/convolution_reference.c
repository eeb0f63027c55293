// Convolution as its definition reads, summed in double: the yardstick for every fast kernel. Slow on purpose.
#include "convolution_internal.h"

typedef struct {
  sa_map output, input;
  const float *weight;
  sa_conv_epilogue epilogue;
  sa_prologue prologue;
  sa_conv_plan plan;
} forward_context;

/// The input after its prologue, or 0 outside the image.
static float input_at(sa_map input, sa_prologue prologue, sa_index image, sa_index row, sa_index column, sa_index channel) {
  if (row < 0 || row >= input.h || column < 0 || column >= input.w) return 0;
  float x = sa_pixel(input, image, row * input.w + column)[channel];
  x = sa_scale_at(prologue.affine, image, channel) * x + sa_shift_at(prologue.affine, image, channel);
  return sa_activated(x, prologue.activation);
}

/// One output row of one image.
static void forward_row(void *context, sa_index piece, int thread) {
  (void)thread;
  forward_context *f = context;
  sa_conv_geometry g = f->plan.geometry;
  sa_index image = piece / f->output.h, row = piece % f->output.h;
  sa_index group_in = g.input_channels / g.groups, group_out = g.output_channels / g.groups;
  for (sa_index column = 0; column < f->output.w; column++) {
    float *y = sa_pixel(f->output, image, row * f->output.w + column);
    for (sa_index o = 0; o < g.output_channels; o++) {
      double sum = 0;
      for (sa_index c = 0; c < group_in; c++)
        for (sa_index u = 0; u < g.kernel_height; u++)
          for (sa_index v = 0; v < g.kernel_width; v++)
            sum += (double)f->weight[((o * group_in + c) * g.kernel_height + u) * g.kernel_width + v]
                * input_at(
                       f->input, f->prologue, image, row * g.stride - g.pad_top + u * g.dilation,
                       column * g.stride - g.pad_left + v * g.dilation, o / group_out * group_in + c);
      y[o] = (float)sum;
    }
    for (sa_index o = g.output_channels; o < sa_padded(g.output_channels); o++) y[o] = 0;
  }
}

void sa_f32_conv_forward_ref(
    sa_map output, sa_map input, const float *weight, sa_prologue prologue, sa_conv_plan plan, sa_pool *pool) {
  forward_context context = {.output = output, .input = input, .weight = weight, .prologue = prologue, .plan = plan};
  sa_pool_run(pool, forward_row, &context, output.n * output.h);
}

typedef struct {
  sa_map input_gradient, output_gradient;
  const float *weight;
  sa_write_mode mode;
  sa_conv_plan plan;
} backward_data_context;

/// The output coordinate whose window has this input coordinate at tap `tap`, or -1.
static sa_index reached(sa_index position, sa_index pad, sa_index tap, sa_conv_geometry g, sa_index extent) {
  sa_index numerator = position + pad - tap * g.dilation;
  if (numerator < 0 || numerator % g.stride != 0 || numerator / g.stride >= extent) return -1;
  return numerator / g.stride;
}

/// One input row of one image.
static void backward_data_row(void *context, sa_index piece, int thread) {
  (void)thread;
  backward_data_context *b = context;
  sa_conv_geometry g = b->plan.geometry;
  sa_index image = piece / b->input_gradient.h, row = piece % b->input_gradient.h;
  sa_index group_in = g.input_channels / g.groups, group_out = g.output_channels / g.groups;
  for (sa_index column = 0; column < b->input_gradient.w; column++) {
    float *dx = sa_pixel(b->input_gradient, image, row * b->input_gradient.w + column);
    for (sa_index c = 0; c < g.input_channels; c++) {
      double sum = 0;
      sa_index group = c / group_in;
      for (sa_index u = 0; u < g.kernel_height; u++) {
        sa_index i = reached(row, g.pad_top, u, g, b->output_gradient.h);
        if (i < 0) continue;
        for (sa_index v = 0; v < g.kernel_width; v++) {
          sa_index j = reached(column, g.pad_left, v, g, b->output_gradient.w);
          if (j < 0) continue;
          const float *dy = sa_pixel(b->output_gradient, image, i * b->output_gradient.w + j);
          for (sa_index o = group * group_out; o < (group + 1) * group_out; o++)
            sum += (double)b->weight[((o * group_in + c % group_in) * g.kernel_height + u) * g.kernel_width + v] * dy[o];
        }
      }
      dx[c] = b->mode == SA_ACCUMULATES ? dx[c] + (float)sum : (float)sum;
    }
    for (sa_index c = g.input_channels; c < sa_padded(g.input_channels); c++) dx[c] = 0;
  }
}

void sa_f32_conv_backward_data_ref(
    sa_map input_gradient, sa_map output_gradient, const float *weight, sa_write_mode mode, sa_conv_plan plan, sa_pool *pool) {
  backward_data_context context = {input_gradient, output_gradient, weight, mode, plan};
  sa_pool_run(pool, backward_data_row, &context, input_gradient.n * input_gradient.h);
}

typedef struct {
  float *weight_gradient;
  sa_map input, output_gradient;
  sa_write_mode mode;
  sa_prologue prologue;
  sa_conv_plan plan;
} backward_weights_context;

/// The gradient of one output channel's weights.
static void backward_weights_channel(void *context, sa_index o, int thread) {
  (void)thread;
  backward_weights_context *b = context;
  sa_conv_geometry g = b->plan.geometry;
  sa_index group_in = g.input_channels / g.groups, group_out = g.output_channels / g.groups;
  for (sa_index c = 0; c < group_in; c++)
    for (sa_index u = 0; u < g.kernel_height; u++)
      for (sa_index v = 0; v < g.kernel_width; v++) {
        double sum = 0;
        for (sa_index image = 0; image < b->input.n; image++)
          for (sa_index i = 0; i < b->output_gradient.h; i++)
            for (sa_index j = 0; j < b->output_gradient.w; j++)
              sum += (double)sa_pixel(b->output_gradient, image, i * b->output_gradient.w + j)[o]
                  * input_at(
                         b->input, b->prologue, image, i * g.stride - g.pad_top + u * g.dilation,
                         j * g.stride - g.pad_left + v * g.dilation, o / group_out * group_in + c);
        float *dw = &b->weight_gradient[((o * group_in + c) * g.kernel_height + u) * g.kernel_width + v];
        *dw = b->mode == SA_ACCUMULATES ? *dw + (float)sum : (float)sum;
      }
}

void sa_f32_conv_backward_weights_ref(
    float *weight_gradient, sa_map input, sa_map output_gradient, sa_write_mode mode, sa_prologue prologue, sa_conv_plan plan,
    sa_pool *pool) {
  backward_weights_context context = {weight_gradient, input, output_gradient, mode, prologue, plan};
  sa_pool_run(pool, backward_weights_channel, &context, plan.geometry.output_channels);
}
