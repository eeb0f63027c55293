// Eight channels at a time, in the compiler's vector types: AVX registers where a function targets them, pairs of SSE or NEON
// registers elsewhere. Macros, because vector arguments would tie an inline function to one instruction set.
#ifndef SA_LANES_H
#define SA_LANES_H
#include "variants.h"

typedef float sa_v8 __attribute__((vector_size(32)));
typedef int sa_v8i __attribute__((vector_size(32)));
typedef float sa_v8u __attribute__((vector_size(32), aligned(4)));

#define SA_LOAD8(p) ((sa_v8) * (const sa_v8u *)(p))
#define SA_STORE8(p, v) (*(sa_v8u *)(p) = (v))
/// A store past the caches to an aligned place, and what must follow a piece's last one.
#define SA_STREAM8(p, v) __builtin_nontemporal_store((v), (sa_v8 *)(p))
#if defined(__x86_64__)
#define SA_STREAM_FENCE() __builtin_ia32_sfence()
#else
#define SA_STREAM_FENCE() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#define SA_ALL8(s) ((sa_v8){(s), (s), (s), (s), (s), (s), (s), (s)})
/// max(x, 0) and min(x, 6) that keep NaN; x is a variable.
#define SA_FLOOR8(x) ((sa_v8)((sa_v8i)(x) & ~((x) < 0)))
#define SA_CEIL8(x) ((sa_v8)(((sa_v8i)(x) & ~((x) > 6)) | ((sa_v8i)SA_ALL8(6.0f) & ((x) > 6))))
#define SA_ACTIVATE8(x, activation)                        \
  do {                                                     \
    if ((activation) != SA_NO_ACTIVATION) (x) = SA_FLOOR8(x); \
    if ((activation) == SA_RELU6) (x) = SA_CEIL8(x);       \
  } while (0)
/// dy where the activation passed output y, else 0.
#define SA_PASS8(dy, y, activation)                                                              \
  do {                                                                                           \
    if ((activation) == SA_RELU) (dy) = (sa_v8)((sa_v8i)(dy) & ((y) > 0));                       \
    if ((activation) == SA_RELU6) (dy) = (sa_v8)((sa_v8i)(dy) & ((y) > 0) & ((y) < 6));          \
  } while (0)

/// Eight vectors as a matrix, transposed.
SA_INLINE void sa_transpose8(sa_v8 *r) {
  sa_v8 s[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 2) {
    s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  sa_v8 t[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 4)
#pragma clang loop unroll(full)
    for (int k = 0; k < 2; k++) {
      t[i + 2 * k] = __builtin_shufflevector(s[i + k], s[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      t[i + 2 * k + 1] = __builtin_shufflevector(s[i + k], s[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma clang loop unroll(full)
  for (int k = 0; k < 4; k++) {
    r[k] = __builtin_shufflevector(t[k], t[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[k + 4] = __builtin_shufflevector(t[k], t[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

enum { SA_CHUNK = 256 };

/// `count` channels from `first` of an affine as whole arrays: what lies past the map's last channel is 0.
SA_INLINE void sa_gather_affine(
    float *scale, float *shift, sa_affine affine, sa_index image, sa_index first, sa_index count, sa_index channels) {
  sa_index inside = sa_most(0, sa_least(count, channels - first)), at = image * affine.image_stride + first;
  for (sa_index i = 0; i < inside; i++) scale[i] = affine.scale ? affine.scale[at + i] : 1;
  for (sa_index i = 0; i < inside; i++) shift[i] = affine.shift ? affine.shift[at + i] : 0;
  for (sa_index i = inside; i < count; i++) scale[i] = shift[i] = 0;
}
#endif
