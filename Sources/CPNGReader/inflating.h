/// A PNG's image data inflated in one go, for libpng to read as if the file stored it uncompressed.
#ifndef CPNGREADER_INFLATING_H
#define CPNGREADER_INFLATING_H

#include "CPNGReader.h"

typedef struct {
  const uint8_t *bytes;
  size_t count;
} cpng_piece;

/// The same image as a file that holds its image data in stored blocks.
typedef struct {
  cpng_piece pieces[3];  ///< the file before its image data, one IDAT, the file after it to the end of IEND
  uint8_t *idat;         ///< owned; to be freed
} cpng_inflated;

/// Inflates with libdeflate, which is about twice as fast as zlib but wants a chunk's bytes whole.
///
/// Only for bytes beyond doubt: every chunk to IEND is whole and has its checksum, the IDAT chunks are neighbours, and their
/// zlib stream ends with them, has its checksum, and gives exactly the bytes the header announces, `limits.inflated_bytes` at
/// most. For all others this is 0 and nothing is allocated: libpng then reads the file as it is and finds the words for it.
/// What the chunks mean stays libpng's business in either case.
int cpng_inflate(cpng_inflated *inflated, const uint8_t *bytes, size_t count, cpng_limits limits);

#endif
