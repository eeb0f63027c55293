#include "inflating.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 12, BLOCK = 65535, BLOCK_HEAD = 5, ZLIB_HEAD = 2, ZLIB_TAIL = 4, EXPANSION = 1032, LONGEST = 1 << 30 };

static uint32_t word(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_word(uint8_t *bytes, uint32_t value) {
  for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int is_kind(const uint8_t *chunk, const char *kind) { return memcmp(chunk + 4, kind, 4) == 0; }

/// Where the neighbouring IDAT chunks are, as offsets into the file, and where IEND ends.
typedef struct {
  size_t first, end, file_end;
  size_t compressed; // bytes in the chunks, without their frames
} layout;

/// Walks all chunks to IEND. 0 where one isn't whole, a checksum is wrong, or IDAT chunks aren't neighbours.
static int find(layout *found, const uint8_t *bytes, size_t count) {
  memset(found, 0, sizeof *found);
  for (size_t at = 8; count - at >= FRAME;) {
    const uint8_t *chunk = bytes + at;
    size_t length = word(chunk);
    if (length > count - at - FRAME) return 0;
    if (libdeflate_crc32(0, chunk + 4, length + 4) != word(chunk + 8 + length)) return 0;
    size_t next = at + FRAME + length;
    if (is_kind(chunk, "IDAT")) {
      if (found->first == 0) found->first = at;
      else if (found->end != at) return 0;
      found->end = next;
      found->compressed += length;
    }
    if (is_kind(chunk, "IEND")) {
      found->file_end = next;
      return found->first != 0;
    }
    at = next;
  }
  return 0;
}

/// Bytes of a pass over the image: every row begins with its filter.
static uint64_t pass_bytes(uint64_t width, uint64_t height, unsigned bits) {
  return width == 0 ? 0 : height * (1 + (width * bits + 7) / 8);
}

/// Bytes of the filtered rows a header announces; 0 for a header that isn't one.
static uint64_t announced(const uint8_t *bytes, cpng_limits limits) {
  static const unsigned channels[7] = {1, 0, 3, 1, 2, 0, 4};
  static const unsigned adam7[7][4] = {{0, 8, 0, 8}, {4, 8, 0, 8}, {0, 4, 4, 8}, {2, 4, 0, 4}, {0, 2, 2, 4}, {1, 2, 0, 2}, {0, 1, 1, 2}};
  if (word(bytes + 8) != 13 || !is_kind(bytes + 8, "IHDR")) return 0;
  uint64_t width = word(bytes + 16), height = word(bytes + 20);
  unsigned depth = bytes[24], color = bytes[25], interlacing = bytes[28];
  if (width > limits.side || height > limits.side || depth > 16 || color > 6 || interlacing > 1) return 0;
  unsigned bits = depth * channels[color];
  if (!interlacing) return pass_bytes(width, height, bits);
  uint64_t all = 0;
  for (int pass = 0; pass < 7; pass++) {
    const unsigned *p = adam7[pass]; // first column, columns a step, first row, rows a step
    all += pass_bytes((width + p[1] - 1 - p[0]) / p[1], (height + p[3] - 1 - p[2]) / p[3], bits);
  }
  return all;
}

/// Inflates the chunks' stream to `raw`; 0 unless it gives `count` bytes and ends where they do. `tail` gets its checksum.
static int inflate(uint8_t *raw, size_t count, uint8_t *tail, const uint8_t *bytes, const layout *from) {
  uint8_t *stream = malloc(from->compressed);
  struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
  int whole = 0;
  if (stream != NULL && inflater != NULL) {
    size_t filled = 0;
    for (size_t at = from->first; at < from->end; at += FRAME + word(bytes + at)) {
      memcpy(stream + filled, bytes + at + 8, word(bytes + at));
      filled += word(bytes + at);
    }
    // zlib refuses a distance beyond the window its header declares; libdeflate doesn't look.
    int any_distance = stream[0] >> 4 == 7 || count <= (size_t)256 << (stream[0] >> 4);
    size_t used = 0, made = 0;
    whole = any_distance && libdeflate_zlib_decompress_ex(inflater, stream, filled, raw, count, &used, &made) == LIBDEFLATE_SUCCESS
      && used == filled && made == count;
    if (whole) memcpy(tail, stream + filled - ZLIB_TAIL, ZLIB_TAIL);
  }
  if (inflater != NULL) libdeflate_free_decompressor(inflater);
  free(stream);
  return whole;
}

int cpng_inflate(cpng_inflated *inflated, const uint8_t *bytes, size_t count, cpng_limits limits) {
  memset(inflated, 0, sizeof *inflated);
  if (count < 8 + 13 + FRAME) return 0;
  uint64_t raw = announced(bytes, limits);
  layout from;
  if (raw == 0 || raw > limits.inflated_bytes || raw > LONGEST || !find(&from, bytes, count)) return 0;
  // Deflate can't expand further: a small file that announces much costs no memory.
  if (from.compressed < ZLIB_HEAD + ZLIB_TAIL || raw / EXPANSION > from.compressed) return 0;

  size_t blocks = (raw + BLOCK - 1) / BLOCK;
  size_t length = ZLIB_HEAD + blocks * BLOCK_HEAD + raw + ZLIB_TAIL;
  uint8_t *idat = malloc(FRAME + length);
  if (idat == NULL) return 0;
  uint8_t *rows = idat + 8 + ZLIB_HEAD + blocks * BLOCK_HEAD;
  if (!inflate(rows, raw, rows + raw, bytes, &from)) {
    free(idat);
    return 0;
  }
  put_word(idat, (uint32_t)length);
  memcpy(idat + 4, "IDAT\x78\x01", 4 + ZLIB_HEAD);
  uint8_t *out = idat + 8 + ZLIB_HEAD;
  // The rows stand at the end of the buffer and move forward, block by block, to make room for the blocks' heads.
  for (size_t left = raw; left > 0;) {
    size_t size = left < BLOCK ? left : BLOCK;
    memmove(out + BLOCK_HEAD, rows, size);
    const uint8_t head[BLOCK_HEAD] = {left == size, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size, (uint8_t)(~size >> 8)};
    memcpy(out, head, BLOCK_HEAD);
    out += BLOCK_HEAD + size;
    rows += size;
    left -= size;
  }
  // The chunk's checksum: nobody reads it (PNG_CRC_QUIET_USE), and those of the file's own chunks have been compared.
  put_word(idat + 8 + length, 0);

  inflated->idat = idat;
  inflated->pieces[0] = (cpng_piece){bytes, from.first};
  inflated->pieces[1] = (cpng_piece){idat, FRAME + length};
  inflated->pieces[2] = (cpng_piece){bytes + from.end, from.file_end - from.end};
  return 1;
}
