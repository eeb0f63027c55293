#ifndef SA_MAPS_H
#define SA_MAPS_H
#include <stddef.h>

typedef ptrdiff_t sa_index;

/// Feature maps of `n` images in NHWC: value (image, row, column, channel) is at
/// `data[((image * h + row) * w + column) * pixel_stride + channel]`.
///
/// `pixel_stride` is a multiple of 8 and at least `c` rounded up to 8. Lanes from `c` up to that are padding: kernels keep them zero
/// and count on it. A map may be a slice of a wider one (`data` moved by a multiple of 8 channels, same `pixel_stride`); then
/// `c` must be a multiple of 8 unless the padding lanes are its own. `data` is 32-byte aligned. A vector is a map with h = w = 1.
/// NULL `data` means "none" where that is allowed.
typedef struct sa_map {
  float *data;
  sa_index n, h, w, c;
  sa_index pixel_stride;
} sa_map;

/// `channels` rounded up to 8.
static inline sa_index sa_padded(sa_index channels) { return (channels + 7) & ~(sa_index)7; }

/// Whether a kernel overwrites its output or adds to it.
typedef enum sa_write_mode { SA_WRITES = 0, SA_ACCUMULATES = 1 } sa_write_mode;

typedef enum sa_activation {
  SA_NO_ACTIVATION = 0,
  /// max(x, 0); NaN stays NaN.
  SA_RELU = 1,
  /// min(max(x, 0), 6); NaN stays NaN.
  SA_RELU6 = 2,
} sa_activation;

/// `scale[channel] * x + shift[channel]`. Each array has `c` values (no padding needed) per image: image i reads from
/// `i * image_stride`; 0 shares one set. NULL scale means 1, NULL shift means 0.
typedef struct sa_affine {
  const float *scale;
  const float *shift;
  sa_index image_stride;
} sa_affine;

/// What a kernel does to its input while reading it: `activation(scale * x + shift)`. All zero: nothing.
/// Convolution's zero padding comes after it.
typedef struct sa_prologue {
  sa_affine affine;
  sa_activation activation;
} sa_prologue;
#endif
