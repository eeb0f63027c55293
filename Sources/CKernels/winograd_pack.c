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

/// Taps [row * 3 + column][j] of `width` columns of one source channel, turned around for the input gradient.
SA_BODY load_taps(float (*g)[MOST_COLUMNS], const context *f, sa_index channel, sa_index first, sa_index width) {
  bool backward = f->plan.purpose == SA_CONV_BACKWARD_DATA;
  for (sa_index j = 0; j < width; j++) {
    sa_index column = first + j;
    bool inside = column < f->columns;
    const float *from = !inside ? 0
        : f->weight + (backward ? channel * f->plan.geometry.input_channels + column : column * f->plan.geometry.input_channels
            + channel) * 9;
    for (int t = 0; t < 9; t++) g[t][j] = inside ? from[backward ? 8 - t : t] : 0;
  }
}

SA_BODY pack_body(void *argument, sa_index piece, int thread) {
  (void)thread;
  const context *f = argument;
  const int side = f->plan.algorithm == SA_CONV_WINOGRAD_4 ? 6 : 4;
  const float(*filter)[3] = side == 6 ? sa_winograd_filter_4 : sa_winograd_filter_2;
  sa_index panel = piece % f->panels, channel_block = piece / f->panels;
  sa_index first = panel * sa_gemm_panel(f->kernels), width = sa_least(sa_gemm_panel(f->kernels), f->columns_padded - first);
  for (sa_index channel = channel_block * 16; channel < sa_least(channel_block * 16 + 16, f->channels); channel++) {
    float g[9][MOST_COLUMNS], half[3 * SA_WINOGRAD_MOST_SIDE][MOST_COLUMNS];
    load_taps(g, f, channel, first, width);
    for (int i = 0; i < side; i++)
      for (int v = 0; v < 3; v++)
        for (sa_index j = 0; j < width; j += 8)
          SA_STORE8(
              &half[i * 3 + v][j],
                  filter[i][0] * SA_LOAD8(&g[v][j]) + filter[i][1] * SA_LOAD8(&g[3 + v][j]) + filter[i][2] * SA_LOAD8(&g[6 + v][j]));
    for (int i = 0; i < side; i++)
      for (int k = 0; k < side; k++) {
        float *to = f->packed + (i * side + k) * f->channels * f->columns_padded + first * f->channels + channel * width;
        for (sa_index j = 0; j < width; j += 8)
          SA_STORE8(
              to + j, filter[k][0] * SA_LOAD8(&half[i * 3][j]) + filter[k][1] * SA_LOAD8(&half[i * 3 + 1][j])
                  + filter[k][2] * SA_LOAD8(&half[i * 3 + 2][j]));
      }
  }
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
