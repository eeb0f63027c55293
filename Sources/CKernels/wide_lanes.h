// Sixteen channels at a time, and the words of templates over WIDTH lanes, 8 or 16: a header NAME_lanes.h is written in them and
// included once per width. Channels are padded to 8 only, so that wide vectors leave a rest of 8.
#ifndef SA_WIDE_LANES_H
#define SA_WIDE_LANES_H
#include "lanes.h"

typedef float sa_v16 __attribute__((vector_size(64)));
typedef int sa_v16i __attribute__((vector_size(64)));
typedef float sa_v16u __attribute__((vector_size(64), aligned(4)));

#define SA_LOAD16(p) ((sa_v16) * (const sa_v16u *)(p))
#define SA_STORE16(p, v) (*(sa_v16u *)(p) = (v))

#define SA_PASTE(A, B) A##B
#define SA_JOIN(A, B) SA_PASTE(A, B)
/// The name of a function of this width.
#define NAME(FUNCTION) SA_JOIN(FUNCTION##_, WIDTH)
#define VEC SA_JOIN(sa_v, WIDTH)
#define VECI SA_JOIN(VEC, i)
#define LOAD(p) SA_JOIN(SA_LOAD, WIDTH)(p)
#define STORE(p, v) SA_JOIN(SA_STORE, WIDTH)(p, v)
/// As SA_ACTIVATE8 and SA_PASS8.
#define ACTIVATE(x, activation)                                                                                      \
  do {                                                                                                               \
    if ((activation) != SA_NO_ACTIVATION) (x) = (VEC)((VECI)(x) & ~((x) < 0));                                       \
    if ((activation) == SA_RELU6) (x) = (VEC)(((VECI)(x) & ~((x) > 6)) | ((VECI)((VEC){0} + 6.0f) & ((x) > 6)));     \
  } while (0)
#define PASS(dy, y, activation)                                                                  \
  do {                                                                                           \
    if ((activation) == SA_RELU) (dy) = (VEC)((VECI)(dy) & ((y) > 0));                           \
    if ((activation) == SA_RELU6) (dy) = (VEC)((VECI)(dy) & ((y) > 0) & ((y) < 6));              \
  } while (0)
#define UNROLL _Pragma("clang loop unroll(full)")
/// A loop whose addresses no longer fit in registers where it is unrolled.
#define ROLLED _Pragma("clang loop unroll(disable)")

/// Calls a template's `FUNCTION(first, last, ...)` on channels 0 ..< `count` (a multiple of 8): in vectors of 16 where `lanes` is 16,
/// the rest in vectors of 8.
#define SA_IN_VECTORS(FUNCTION, lanes, count, ...)                                \
  do {                                                                            \
    sa_index sa_whole = (lanes) == 16 ? (count) / 16 * 16 : 0;                    \
    if ((lanes) == 16) FUNCTION##_16(0, sa_whole, __VA_ARGS__);                   \
    if (sa_whole < (count)) FUNCTION##_8(sa_whole, (count), __VA_ARGS__);         \
  } while (0)

/// As SA_THREAD_VARIANTS, from `FUNCTION_body(context, piece, thread, lanes)`: 16 lanes a vector where registers have them.
#define SA_WIDTH_VARIANTS(FUNCTION)                                                                                                  \
  static void FUNCTION##_ref(void *context, sa_index piece, int thread) { FUNCTION##_body(context, piece, thread, 8); }              \
  SA_TARGET_AVX2 static void FUNCTION##_avx2(void *context, sa_index piece, int thread) { FUNCTION##_body(context, piece, thread, 8); } \
  SA_TARGET_AVX512 static void FUNCTION##_avx512(void *context, sa_index piece, int thread) {                                        \
    FUNCTION##_body(context, piece, thread, 16);                                                                                     \
  }                                                                                                                                  \
  static sa_piece_function FUNCTION(sa_instruction_set set) {                                                                        \
    return set == SA_AVX512 ? FUNCTION##_avx512 : set == SA_AVX2 ? FUNCTION##_avx2 : FUNCTION##_ref;                                 \
  }
#endif
