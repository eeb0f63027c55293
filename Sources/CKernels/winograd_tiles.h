// How an image is cut into overlapping tiles, and one tile's way to its points and back.
#ifndef SA_WINOGRAD_TILES_H
#define SA_WINOGRAD_TILES_H
#include "convolution.h"
#include "winograd_transforms.h"

/// Tiles of (m + 2)^2 source pixels, m apart; the first starts at (-pad_top, -pad_left).
typedef struct sa_winograd_tiles {
  sa_map source;
  sa_prologue prologue;
  int m;
  sa_index pad_top, pad_left, tile_columns, image_tiles;
  sa_index group, group_stride;  // where points lie: `group` channels (a multiple of 16, or all) after each other, groups `group_stride` apart
} sa_winograd_tiles;

/// Rows top ..< bottom, columns left ..< right of a tile.
typedef struct sa_winograd_window {
  sa_index top, bottom, left, right;
} sa_winograd_window;

/// Where tiles of m^2 output pixels go.
typedef struct sa_winograd_destination {
  sa_map map;
  sa_conv_epilogue epilogue;
  sa_write_mode mode;
} sa_winograd_destination;

#define WIDTH 8
#include "winograd_tiles_lanes.h"
#undef WIDTH
#define WIDTH 16
#include "winograd_tiles_lanes.h"
#undef WIDTH

/// The image of a tile, and its first output pixel.
SA_INLINE void sa_winograd_locate(
    sa_index m, sa_index tile_columns, sa_index image_tiles, sa_index tile, sa_index *image, sa_index *row, sa_index *column) {
  *image = tile / image_tiles;
  *row = tile % image_tiles / tile_columns * m;
  *column = tile % image_tiles % tile_columns * m;
}

SA_BODY sa_winograd_input_tile_at(
    float *v, sa_index v_point, const sa_winograd_tiles *f, sa_index image, sa_index row, sa_index column, const int m, const bool whole,
    const bool has_prologue, const int lanes) {
  const int side = m + 2;
  sa_map s = f->source;
  const float *corner = s.data + ((image * s.h + row) * s.w + column) * s.pixel_stride;
  sa_winograd_window inside = {-row, s.h - row, -column, s.w - column};
  float a[SA_CHUNK], b[SA_CHUNK];
  for (sa_index first = 0; first < s.c; first += SA_CHUNK) {
    sa_index width = sa_least(SA_CHUNK, sa_padded(s.c) - first);
    if (has_prologue) sa_gather_affine(a, b, f->prologue.affine, image, first, width, s.c);
    // The next tile's pixels, a cache line of channels at a time.
    for (sa_index i = 0; i < width; i += 16)
      for (int r = 0; r < side; r++)
        for (int c = side; c < side + m; c++) __builtin_prefetch(corner + (r * s.w + c) * s.pixel_stride + first + i);
    SA_IN_VECTORS(
        sa_winograd_input_points, lanes, width, v, v_point, f, first, corner + first, a, b, inside, m, whole, has_prologue);
  }
}

/// Writes tile `tile`'s points, v[point * v_point + place of channel], after the prologue; pixels outside the image are 0.
SA_BODY sa_winograd_input_tile(
    float *v, sa_index v_point, const sa_winograd_tiles *f, sa_index tile, const int lanes) {
  sa_index image, row, column, side = f->m + 2;
  sa_winograd_locate(f->m, f->tile_columns, f->image_tiles, tile, &image, &row, &column);
  row -= f->pad_top;
  column -= f->pad_left;
  bool whole = row >= 0 && column >= 0 && row + side <= f->source.h && column + side <= f->source.w;
  bool prologue = f->prologue.affine.scale || f->prologue.affine.shift || f->prologue.activation != SA_NO_ACTIVATION;
#define TILE(M, WHOLE, PROLOGUE) sa_winograd_input_tile_at(v, v_point, f, image, row, column, M, WHOLE, PROLOGUE, lanes)
  if (f->m == 4) {
    if (whole && prologue) TILE(4, true, true);
    else if (whole) TILE(4, true, false);
    else TILE(4, false, prologue);
  } else {
    TILE(2, whole, prologue);
  }
#undef TILE
}
#endif
