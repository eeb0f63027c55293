/// PNG bytes to stored samples and back, through libpng's classic interface.
///
/// libpng reports an error by `longjmp`. The jump starts and lands inside one function of this file: every callback libpng
/// sees here is C, so no Swift frame is ever jumped over, and every failure comes back as a status and libpng's own sentence.
///
/// Samples are what the file stores: no gamma, no scaling of shallow depths, no palette expansion. Ancillary chunks other
/// than tRNS are skipped unread (text, profiles, times), though their checksums are verified.
///
/// Image data beyond doubt is inflated by libdeflate first and handed to libpng as if stored uncompressed (see inflating.h).
#ifndef CPNGREADER_H
#define CPNGREADER_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  CPNG_OK = 0,
  CPNG_NOT_PNG,        ///< the eight-byte signature is missing
  CPNG_APPLE_CGBI,     ///< Apple's variant, which isn't PNG
  CPNG_TOO_LARGE,      ///< a side or the pixel count is over the limit; the header is filled in
  CPNG_TRUNCATED,      ///< the bytes end before the image does
  CPNG_CORRUPT,        ///< libpng's verdict, in `message`
  CPNG_OUT_OF_MEMORY,
} cpng_status;

enum {
  CPNG_GRAY = 0,
  CPNG_RGB = 2,
  CPNG_PALETTE = 3,
  CPNG_GRAY_ALPHA = 4,
  CPNG_RGB_ALPHA = 6,
};

typedef struct {
  uint32_t side;             ///< pixels a side
  uint64_t pixels;           ///< pixels in all
  uint32_t ancillary_bytes;  ///< bytes of one ancillary chunk
  uint64_t inflated_bytes;   ///< image data up to this size is inflated in one go, larger data row by row
} cpng_limits;

typedef struct {
  uint32_t width, height;
  uint8_t bit_depth;    ///< 1, 2, 4, 8 or 16 bits a sample
  uint8_t color_type;   ///< CPNG_GRAY ...
  uint8_t channels;     ///< samples a pixel; 1 for a palette's index
  uint8_t interlaced;
  uint8_t has_key;      ///< tRNS names one transparent gray or RGB value: `key`
  uint16_t key[3];
  uint16_t palette_count;
  uint8_t palette[256][3];
  uint16_t alpha_count; ///< palette entries with an alpha of their own; the others are opaque
  uint8_t alpha[256];
} cpng_header;

typedef struct {
  char message[200];  ///< libpng's last error, or its first warning when it succeeded; empty otherwise
  int inflated_at_once; ///< 1 where the image data were beyond doubt and inflated by libdeflate; 0 where libpng did it
} cpng_report;

/// Reads everything before the image data. `header` is overwritten.
cpng_status cpng_read_header(cpng_header *header, cpng_report *report, const uint8_t *bytes, size_t count, cpng_limits limits);

/// Reads the whole file to its end. Writes width * height * channels samples, row by row, channels interleaved;
/// `samples` must hold that many, as announced by `cpng_read_header` for the same bytes. On failure its content is undefined.
cpng_status cpng_read_samples(uint16_t *samples, size_t capacity, cpng_report *report, const uint8_t *bytes, size_t count, cpng_limits limits);

/// Encodes a gray image of 8 or 16 bits. On success `*bytes` holds `*count` bytes and is to be given to `cpng_free`.
cpng_status cpng_write_gray(uint8_t **bytes, size_t *count, cpng_report *report, const uint16_t *samples, uint32_t width, uint32_t height, int bit_depth);

void cpng_free(uint8_t *bytes);

#endif
