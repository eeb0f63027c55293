// For templates over the width of a vector: headers that are included once for 8 and once for 16 LANES. There V is a vector, LANED(f) a
// function's name, LOAD and STORE take any address. Sixteen lanes are one AVX-512 register; where a function targets less, only eight are
// used.
#ifndef SA_LANE_TEMPLATES_H
#define SA_LANE_TEMPLATES_H
#include "lanes.h"

typedef float sa_v16 __attribute__((vector_size(64)));
typedef int sa_v16i __attribute__((vector_size(64)));
typedef float sa_v16u __attribute__((vector_size(64), aligned(4)));

#define SA_JOINED(a, b) a##b
#define SA_JOIN(a, b) SA_JOINED(a, b)
#define V SA_JOIN(sa_v, LANES)
#define V_INT SA_JOIN(V, i)
#define V_ANYWHERE SA_JOIN(V, u)
#define LANED(name) SA_JOIN(SA_JOINED(name, _), LANES)
#define LOAD(p) ((V) * (const V_ANYWHERE *)(p))
#define STORE(p, v) (*(V_ANYWHERE *)(p) = (v))
/// max(x, 0) and min(x, 6) that keep NaN; x is a variable.
#define ACTIVATE(x, activation)                                                                                       \
  do {                                                                                                                \
    if ((activation) != SA_NO_ACTIVATION) (x) = (V)((V_INT)(x) & ~((x) < 0));                                         \
    if ((activation) == SA_RELU6) (x) = (V)(((V_INT)(x) & ~((x) > 6)) | ((V_INT)((V){0} + 6.0f) & ((x) > 6)));         \
  } while (0)

/// Channels 0 ..< count, a multiple of 8: body(16) for those that fill sixteen lanes where `wide`, body(8) for the rest.
#define SA_EACH_LANES(i, count, wide, body16, body8)          \
  do {                                                        \
    sa_index i = 0;                                           \
    for (; (wide) && i + 16 <= (count); i += 16) body16;      \
    for (; i < (count); i += 8) body8;                        \
  } while (0)
#endif
