// Weights for the gathered product: per phase, group and panel of columns, [tap][channel][column], the last panel's columns rounded up to
// whole vectors and filled with zeros.
#include "convolution_gemm.h"

#include <string.h>

#include "gather.h"

typedef struct {
  float *packed;
  const float *weight;
  const sa_gather *gather;
  const sa_phase *phase;
  const sa_gemm_kernels *kernels;
  sa_index panels;
  sa_index row_channels;  // 0, or see sa_gemm_pack_rows
} context;

/// Columns first ..< first + width of one tap. Weights of one output stand side by side: they are walked in that order, 16 inputs of each
/// output at a time where outputs are the columns.
static void pack_tap(float *to, const float *from, const sa_gather *gather, sa_index first, sa_index width) {
  sa_conv_geometry g = gather->geometry;
  sa_index in = g.input_channels / g.groups, area = g.kernel_height * g.kernel_width, channels = gather->source_channels;
  sa_index inside = sa_most(0, sa_least(width, gather->columns - first));
  for (sa_index c = 0; c < channels; c += 16) {
    sa_index end = sa_least(c + 16, channels);
    if (gather->backward)
      for (sa_index o = c; o < end; o++)
        for (sa_index j = 0; j < inside; j++) to[o * width + j] = from[(o * in + first + j) * area];
    else
      for (sa_index j = 0; j < inside; j++) {
        const float *weight = from + ((first + j) * in + c) * area;
        __builtin_prefetch(weight + 32 * area);
        for (sa_index i = c; i < end; i++, weight += area) to[i * width + j] = *weight;
      }
    for (sa_index i = c; inside < width && i < end; i++)
      memset(to + i * width + inside, 0, (size_t)(width - inside) * sizeof(float));
  }
}

/// One panel of one group.
static void pack_panel(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  const sa_gather *gather = f->gather;
  sa_conv_geometry g = gather->geometry;
  sa_index group = piece / f->panels, panel = piece % f->panels, panel_width = sa_gemm_panel(f->kernels);
  sa_index depth = f->phase->tap_count * gather->source_channels, padded = sa_gemm_padded_columns(f->kernels, gather->columns);
  sa_index first = panel * panel_width, width = sa_least(panel_width, padded - first);
  sa_index in = g.input_channels / g.groups, out = g.output_channels / g.groups, area = g.kernel_height * g.kernel_width;
  float *to = f->packed + f->phase->packed_offset + group * depth * padded + depth * first;
  for (sa_index t = 0; t < f->phase->tap_count; t++) {
    const float *from = f->weight + group * out * in * area + f->phase->taps[t].kernel_row * g.kernel_width
        + f->phase->taps[t].kernel_column;
    if (!f->row_channels) pack_tap(to, from, gather, first, width);
    else
      for (sa_index c = 0; c < gather->source_channels; c++)
        for (sa_index j = 0; j < width; j++) {
          sa_index column = first + j, o = gather->backward ? c : column, i = gather->backward ? column : c;
          sa_index width_taps = in / f->row_channels, v = i / f->row_channels, channel = i % f->row_channels;
          to[c * width + j] = column < gather->columns
              ? f->weight[((o * f->row_channels + channel) * g.kernel_height + f->phase->taps[t].kernel_row) * width_taps + v] : 0;
        }
    to += gather->source_channels * width;
  }
}

sa_index sa_gemm_packed_floats(sa_conv_plan plan) {
  sa_gather gather = sa_gather_make(plan);
  sa_conv_geometry g = plan.geometry;
  sa_index padded = sa_gemm_padded_columns(sa_gemm_kernels_for(plan.instruction_set), gather.columns);
  return g.groups * g.kernel_height * g.kernel_width * gather.source_channels * padded;
}

void sa_gemm_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool) {
  sa_gemm_pack_rows(packed, weight, plan, 0, pool);
}

void sa_gemm_pack_rows(float *packed, const float *weight, sa_conv_plan plan, sa_index row_channels, sa_pool *pool) {
  sa_gather gather = sa_gather_make(plan);
  const sa_gemm_kernels *kernels = sa_gemm_kernels_for(plan.instruction_set);
  sa_index padded = sa_gemm_padded_columns(kernels, gather.columns);
  sa_index panels = sa_ceil_div(padded, sa_gemm_panel(kernels));
  for (sa_index index = 0; index < gather.phases * gather.phases; index++) {
    sa_phase phase;
    sa_gather_phase(&phase, &gather, index, padded);
    context f = {packed, weight, &gather, &phase, kernels, panels, row_channels};
    sa_pool_run(pool, pack_panel, &f, plan.geometry.groups * panels);
  }
}
