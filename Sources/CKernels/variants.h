// One loop body, compiled once per instruction set: memory-bound loops need no other difference between their variants.
#ifndef SA_VARIANTS_H
#define SA_VARIANTS_H
#include "cpu.h"
#include "maps.h"
#include "pool.h"

#define SA_BODY static inline __attribute__((always_inline)) void
#define SA_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define SA_TARGET_AVX2 __attribute__((target("avx2,fma")))
#define SA_TARGET_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#else
#define SA_TARGET_AVX2
#define SA_TARGET_AVX512
#endif

/// Defines `NAME_ref` and `NAME_avx2` from `NAME_body(context, piece)`, and `NAME()` that chooses.
#define SA_VARIANTS(NAME)                                                                                           \
  static void NAME##_ref(void *context, sa_index piece, int thread) { (void)thread, NAME##_body(context, piece); }  \
  SA_TARGET_AVX2 static void NAME##_avx2(void *context, sa_index piece, int thread) {                               \
    (void)thread, NAME##_body(context, piece);                                                                      \
  }                                                                                                                 \
  static sa_piece_function NAME(void) { return sa_best_instruction_set() >= SA_AVX2 ? NAME##_avx2 : NAME##_ref; }

/// The same from `NAME_body(context, piece, thread)`, and `NAME_avx512` (twice the registers), chosen by a plan's instruction set.
#define SA_THREAD_VARIANTS(NAME)                                                                                               \
  static void NAME##_ref(void *context, sa_index piece, int thread) { NAME##_body(context, piece, thread); }                   \
  SA_TARGET_AVX2 static void NAME##_avx2(void *context, sa_index piece, int thread) { NAME##_body(context, piece, thread); }   \
  SA_TARGET_AVX512 static void NAME##_avx512(void *context, sa_index piece, int thread) { NAME##_body(context, piece, thread); } \
  static sa_piece_function NAME(sa_instruction_set set) {                                                                      \
    return set == SA_AVX512 ? NAME##_avx512 : set == SA_AVX2 ? NAME##_avx2 : NAME##_ref;                                       \
  }

SA_INLINE float sa_activated(float x, sa_activation activation) {
  if (activation == SA_NO_ACTIVATION) return x;
  x = 0 > x ? 0 : x;
  if (activation == SA_RELU6) x = 6 < x ? 6 : x;
  return x;
}

SA_INLINE float sa_scale_at(sa_affine affine, sa_index image, sa_index channel) {
  return affine.scale ? affine.scale[image * affine.image_stride + channel] : 1;
}
SA_INLINE float sa_shift_at(sa_affine affine, sa_index image, sa_index channel) {
  return affine.shift ? affine.shift[image * affine.image_stride + channel] : 0;
}

SA_INLINE float *sa_pixel(sa_map map, sa_index image, sa_index pixel) {
  return map.data + (image * map.h * map.w + pixel) * map.pixel_stride;
}

SA_INLINE sa_index sa_least(sa_index a, sa_index b) { return a < b ? a : b; }
SA_INLINE sa_index sa_most(sa_index a, sa_index b) { return a > b ? a : b; }
SA_INLINE sa_index sa_ceil_div(sa_index a, sa_index b) { return (a + b - 1) / b; }

/// A map's pixels in pieces of one image each, about 16 thousand values long, at least 32 pixels: a piece
/// loads its channels' coefficients first.
typedef struct sa_pixel_pieces {
  sa_index pixels, per_piece, per_image, count;
} sa_pixel_pieces;

static inline sa_pixel_pieces sa_split_pixels(sa_map map) {
  sa_pixel_pieces split;
  split.pixels = map.h * map.w;
  split.per_piece = sa_most(32, 16384 / sa_padded(map.c));
  split.per_image = sa_ceil_div(split.pixels, split.per_piece);
  split.count = split.per_image * map.n;
  return split;
}

/// Channels per piece when a piece walks all pixels of an image: `most`, or fewer while there are few pieces.
static inline sa_index sa_channel_block(sa_map map, sa_index most) {
  sa_index block = most;
  while (block > 16 && map.n * sa_ceil_div(map.c, block) < 16) block /= 2;
  return block;
}
#endif
