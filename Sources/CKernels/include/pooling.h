#ifndef SA_POOLING_H
#define SA_POOLING_H
#include <stdint.h>
#include "maps.h"
#include "pool.h"

/// A square window that slides over an image, with the same padding on all sides.
typedef struct sa_window {
  sa_index size, stride, padding;
} sa_window;

/// Overwrites y with the window's maximum (padding never wins; NaN does). `winner`, where not NULL, gets which of the size*size taps
/// won, the first of equals: bytes [n, H', W', c rounded up to 8], no pixel stride. Windows up to 15 x 15.
void sa_max_pool(sa_map y, uint8_t *winner, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool);
/// The same maximum; `entered`, of y's shape, gets what the winner was before the prologue.
void sa_max_pool_inputs(sa_map y, sa_map entered, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool);
/// Writes or accumulates dx from dy and the winners.
void sa_max_pool_backward(sa_map dx, sa_map dy, const uint8_t *winner, sa_window window, sa_write_mode mode, sa_pool *pool);

/// Overwrites y with the window's sum / size^2: padding counts as zeros.
void sa_average_pool(sa_map y, sa_map x, sa_prologue prologue, sa_window window, sa_pool *pool);
/// Writes or accumulates dx from dy.
void sa_average_pool_backward(sa_map dx, sa_map dy, sa_window window, sa_write_mode mode, sa_pool *pool);

/// Overwrites y [n, 1, 1, c] with the mean over all pixels, summed in double.
void sa_global_average(sa_map y, sa_map x, sa_prologue prologue, sa_pool *pool);
/// dx = dy / (h * w) at every pixel; writes or accumulates.
void sa_global_average_backward(sa_map dx, sa_map dy, sa_write_mode mode, sa_pool *pool);
#endif
