#ifndef SA_ELEMENTWISE_H
#define SA_ELEMENTWISE_H
#include "maps.h"
#include "pool.h"

/// y = factor * x; writes or accumulates. With factor 1: a copy, or a sum of two maps.
void sa_scale(sa_map y, sa_map x, float factor, sa_write_mode mode, sa_pool *pool);
/// y = a + b; overwrites y, which may be either.
void sa_add(sa_map y, sa_map a, sa_map b, sa_pool *pool);
/// y = a * b, value by value (a dropout mask); writes or accumulates. y may be either.
void sa_multiply(sa_map y, sa_map a, sa_map b, sa_write_mode mode, sa_pool *pool);
/// Every lane of y, padding included, becomes 0.
void sa_clear(sa_map y, sa_pool *pool);

/// Channels x_first ..< x_first + channels of x into y_first ... of y: concatenation one way, its gradient the other. Any offsets. Writes
/// or accumulates these channels and leaves the others; when they end with y's last, its padding lanes become zero.
void sa_copy_channels(
    sa_map y, sa_index y_first, sa_map x, sa_index x_first, sa_index channels, sa_write_mode mode, sa_pool *pool);

/// Every stride-th pixel of x in channels before ..< before + x.c of y, zeros in its other channels; overwrites y [n, ceil(h/stride),
/// ceil(w/stride), c].
void sa_subsample(sa_map y, sa_map x, sa_index stride, sa_index before, sa_pool *pool);
/// Writes or accumulates dx from dy.
void sa_subsample_backward(sa_map dx, sa_map dy, sa_index stride, sa_index before, sa_write_mode mode, sa_pool *pool);

/// From contiguous NCHW values to a map; overwrites y, padding lanes zero.
void sa_from_nchw(sa_map y, const float *x, sa_pool *pool);
/// From a map to contiguous NCHW values; overwrites y.
void sa_to_nchw(float *y, sa_map x, sa_pool *pool);
#endif
