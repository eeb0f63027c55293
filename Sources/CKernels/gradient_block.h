// What a block of an input gradient goes through while it is in L1: masked, summed beside the normalization's input, stored.
#ifndef SA_GRADIENT_BLOCK_H
#define SA_GRADIENT_BLOCK_H
#include "activation_mask.h"
#include "gradient_epilogue.h"

enum { SA_GRADIENT_COLUMNS = 64 };

/// Up to 64 channels of consecutive pixels of one image. `g` is read; `to` is written (or added to) and may be g.
typedef struct sa_gradient_block {
  const float *g, *x, *output;
  float *to;
  sa_index g_stride, x_stride, output_stride, to_stride, pixels;
  float *sums, *products;  // written
  /// Of the block's channels: the mask's scale and shift, the centre, the scale of what is stored.
  float a[SA_GRADIENT_COLUMNS], b[SA_GRADIENT_COLUMNS], center[SA_GRADIENT_COLUMNS], scale[SA_GRADIENT_COLUMNS];
} sa_gradient_block;

/// `vectors` vectors of eight channels from channel i; their sums stay in registers.
SA_BODY sa_finish_vectors(
    const sa_gradient_block *k, sa_index i, const int vectors, const sa_mask_kind kind, const sa_activation activation, const bool scaled,
    const bool adds) {
  sa_v8 sum[4], product[4], a[4], b[4], center[4], scale[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    sum[v] = product[v] = (sa_v8){0};
    a[v] = SA_LOAD8(k->a + i + 8 * v);
    b[v] = SA_LOAD8(k->b + i + 8 * v);
    center[v] = SA_LOAD8(k->center + i + 8 * v);
    scale[v] = SA_LOAD8(k->scale + i + 8 * v);
  }
  for (sa_index pixel = 0; pixel < k->pixels; pixel++) {
    const float *g = k->g + pixel * k->g_stride + i, *x = k->x + pixel * k->x_stride + i;
    float *to = k->to + pixel * k->to_stride + i;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      sa_v8 dz = SA_LOAD8(g + 8 * v), value = SA_LOAD8(x + 8 * v), y = value;
      if (kind == FROM_OUTPUT) y = SA_LOAD8(k->output + pixel * k->output_stride + i + 8 * v);
      if (kind == FROM_INPUT) y = a[v] * value + b[v];
      if (kind != NO_MASK) SA_PASS8(dz, y, activation);
      sum[v] += dz;
      product[v] += dz * (value - center[v]);
      if (scaled) dz = adds ? SA_LOAD8(to + 8 * v) + scale[v] * dz : scale[v] * dz;
      if (scaled || kind != NO_MASK) SA_STORE8(to + 8 * v, dz);
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    SA_STORE8(k->sums + i + 8 * v, sum[v]);
    SA_STORE8(k->products + i + 8 * v, product[v]);
  }
}

SA_BODY sa_finish_channels(
    const sa_gradient_block *k, sa_index width, const sa_mask_kind kind, const sa_activation activation, const bool scaled,
    const bool adds) {
  sa_index i = 0;
  for (; i + 32 <= width; i += 32) sa_finish_vectors(k, i, 4, kind, activation, scaled, adds);
  for (; i < width; i += 8) sa_finish_vectors(k, i, 1, kind, activation, scaled, adds);
}

/// `width` channels (a multiple of 8). `adds` only beside a scale.
SA_BODY sa_finish_gradient(const sa_gradient_block *k, sa_index width, const sa_activation_mask *mask, bool scaled, bool adds) {
#define FINISH(KIND, ACTIVATION)                                                    \
  if (!scaled) sa_finish_channels(k, width, KIND, ACTIVATION, false, false);        \
  else if (adds) sa_finish_channels(k, width, KIND, ACTIVATION, true, true);        \
  else sa_finish_channels(k, width, KIND, ACTIVATION, true, false)
  SA_BY_MASK(mask, FINISH, )
#undef FINISH
}
#endif
