// Memory that the next step reads or overwrites, fetched into L2 little by little while this one computes.
#ifndef SA_FETCHING_H
#define SA_FETCHING_H
#include <stdbool.h>

#include "variants.h"

typedef struct sa_fetching {
  const char *next, *end;
} sa_fetching;

/// Pixels first ..< last of a map, counted over all its images; nothing where other maps' channels lie between them.
SA_INLINE sa_fetching sa_fetch_pixels(sa_map map, sa_index first, sa_index last) {
  first = sa_most(first, 0);
  last = sa_least(last, map.n * map.h * map.w);
  if (sa_padded(map.c) < map.pixel_stride || first >= last) return (sa_fetching){0};
  return (sa_fetching){(const char *)(map.data + first * map.pixel_stride), (const char *)(map.data + last * map.pixel_stride)};
}

/// So many lines at a time that `steps` calls fetch everything.
SA_INLINE sa_index sa_fetch_lines(sa_fetching f, sa_index steps) { return sa_ceil_div(f.end - f.next, 64 * steps); }

SA_BODY sa_fetch(sa_fetching *f, sa_index lines, const bool overwrites) {
  for (sa_index i = 0; i < lines && f->next < f->end; i++, f->next += 64) {
    if (overwrites) __builtin_prefetch(f->next, 1, 2);
    else __builtin_prefetch(f->next, 0, 2);
  }
}
#endif
