// Transformed weights U = G g G^T as panels for the matrix products: [point][panel][source channel][column].
#include "gemm.h"
#include "winograd.h"
#include "winograd_transforms.h"

enum { MOST_COLUMNS = 64 };

typedef struct {
  float *packed;
  const float *weight;
  sa_conv_plan plan;
  const sa_gemm_kernels *kernels;
  sa_index channels, columns, columns_padded, panels;
} context;

/// Taps [row * 3 + column] of eight columns of one source channel, turned around for the input gradient; zeros past the last column.
SA_BODY load_taps(sa_v8 *g, const context *f, sa_index channel, sa_index column) {
  bool backward = f->plan.purpose == SA_CONV_BACKWARD_DATA;
  sa_index inputs = f->plan.geometry.input_channels, stride = 9 * (backward ? 1 : inputs);
  const float *from = f->weight + (backward ? channel * inputs + column : column * inputs + channel) * 9;
  sa_v8 taps[9];
  if (column + 8 <= f->columns) {
    for (int j = 0; j < 8; j++) taps[j] = SA_LOAD8(from + j * stride);
    sa_transpose8(taps);
    for (int j = 0; j < 8; j++) taps[8][j] = from[j * stride + 8];
  } else {
    for (int t = 0; t < 9; t++)
      for (sa_index j = 0; j < 8; j++) taps[t][j] = column + j < f->columns ? from[j * stride + t] : 0;
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < 9; t++) g[t] = taps[backward ? 8 - t : t];
}

/// One source channel's points of a panel. They are read long after they are written: stored past the caches.
SA_BODY pack_channel(const context *f, sa_index channel, sa_index first, sa_index width, const int side) {
  const float(*filter)[3] = side == 6 ? sa_winograd_filter_4 : sa_winograd_filter_2;
  float lines[SA_WINOGRAD_MOST_POINTS][MOST_COLUMNS] __attribute__((aligned(64)));
  for (sa_index j = 0; j < width; j += 8) {
    sa_v8 g[9], half[3 * SA_WINOGRAD_MOST_SIDE];
    load_taps(g, f, channel, first + j);
#pragma clang loop unroll(full)
    for (int i = 0; i < side; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < 3; v++) half[i * 3 + v] = filter[i][0] * g[v] + filter[i][1] * g[3 + v] + filter[i][2] * g[6 + v];
#pragma clang loop unroll(full)
    for (int i = 0; i < side; i++)
#pragma clang loop unroll(full)
      for (int k = 0; k < side; k++)
        SA_STORE8(
            &lines[i * side + k][j],
            filter[k][0] * half[i * 3] + filter[k][1] * half[i * 3 + 1] + filter[k][2] * half[i * 3 + 2]);
  }
  for (int p = 0; p < side * side; p++) {
    float *to = f->packed + p * f->channels * f->columns_padded + first * f->channels + channel * width;
    for (sa_index j = 0; j < width; j += 8) SA_STREAM8(to + j, SA_LOAD8(&lines[p][j]));
  }
}

SA_BODY pack_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  sa_index panel = piece % f->panels, channel_block = piece / f->panels;
  sa_index first = panel * sa_gemm_panel(f->kernels), width = sa_least(sa_gemm_panel(f->kernels), f->columns_padded - first);
  for (sa_index channel = channel_block * 16; channel < sa_least(channel_block * 16 + 16, f->channels); channel++) {
    if (f->plan.algorithm == SA_CONV_WINOGRAD_4) pack_channel(f, channel, first, width, 6);
    else pack_channel(f, channel, first, width, 4);
  }
  SA_STREAM_FENCE();
}
SA_THREAD_VARIANTS(pack)

static context make_context(sa_conv_plan plan) {
  bool backward = plan.purpose == SA_CONV_BACKWARD_DATA;
  context f = {.plan = plan, .kernels = sa_gemm_kernels_for(plan.instruction_set)};
  f.channels = backward ? plan.geometry.output_channels : plan.geometry.input_channels;
  f.columns = backward ? plan.geometry.input_channels : plan.geometry.output_channels;
  f.columns_padded = sa_gemm_padded_columns(f.kernels, f.columns);
  f.panels = sa_ceil_div(f.columns_padded, sa_gemm_panel(f.kernels));
  return f;
}

sa_index sa_winograd_packed_floats(sa_conv_plan plan) {
  context f = make_context(plan);
  return (plan.algorithm == SA_CONV_WINOGRAD_4 ? 36 : 16) * f.channels * f.columns_padded;
}

void sa_winograd_pack(float *packed, const float *weight, sa_conv_plan plan, sa_pool *pool) {
  context f = make_context(plan);
  f.packed = packed;
  f.weight = weight;
  sa_pool_run(pool, pack(plan.instruction_set), &f, f.panels * sa_ceil_div(f.channels, 16));
}
