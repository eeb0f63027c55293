#include "CPNGReader.h"
#include "inflating.h"
#include "report.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const cpng_piece *piece; // the one being read
  size_t position;         // in it
  int pieces;              // with the ones after it
  int ended;               // a read went past the last byte
} source;

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  source *from = png_get_io_ptr(png);
  while (count > 0) {
    size_t available = from->piece->count - from->position;
    size_t taken = count < available ? count : available;
    memcpy(out, from->piece->bytes + from->position, taken);
    from->position += taken;
    out += taken;
    count -= taken;
    if (count == 0) return;
    if (from->pieces == 1) {
      from->ended = 1;
      png_error(png, "the file ends too early");
    }
    from->piece++;
    from->pieces--;
    from->position = 0;
  }
}

static cpng_status checked_start(const uint8_t *bytes, size_t count) {
  if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) return CPNG_NOT_PNG;
  if (count >= 16 && memcmp(bytes + 12, "CgBI", 4) == 0) return CPNG_APPLE_CGBI;
  return CPNG_OK;
}

static png_structp reader(source *from, cpng_report *report, cpng_limits limits) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, report, cpng_on_error, cpng_on_warning);
  if (png == NULL) return NULL;
  png_set_read_fn(png, from, read_bytes);
  // Sides are compared with the limits below, where the sentence is ours; libpng's own check backs it.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(png, limits.ancillary_bytes);
  png_set_chunk_cache_max(png, 16);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); // every ancillary chunk but tRNS
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_benign_errors(png, 0);
  png_set_check_for_invalid_index(png, 0); // an index past the palette is the caller's to judge: raw samples are raw
  return png;
}

static cpng_status failure(const source *from, const cpng_report *report) {
  if (from->ended) return CPNG_TRUNCATED;
  return cpng_is_memory_message(report) ? CPNG_OUT_OF_MEMORY : CPNG_CORRUPT;
}

static int within(png_structp png, png_infop info, cpng_limits limits) {
  uint64_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  return width <= limits.side && height <= limits.side && width * height <= limits.pixels;
}

static void describe(cpng_header *header, png_structp png, png_infop info) {
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->color_type = png_get_color_type(png, info);
  header->channels = png_get_channels(png, info);
  header->interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;

  png_colorp palette = NULL;
  int count = 0;
  if (header->color_type == CPNG_PALETTE && png_get_PLTE(png, info, &palette, &count)) {
    header->palette_count = (uint16_t)count;
    for (int i = 0; i < count; i++) {
      header->palette[i][0] = palette[i].red;
      header->palette[i][1] = palette[i].green;
      header->palette[i][2] = palette[i].blue;
    }
  }
  png_bytep alpha = NULL;
  png_color_16p key = NULL;
  if (png_get_tRNS(png, info, &alpha, &count, &key)) {
    if (header->color_type == CPNG_PALETTE && alpha != NULL) {
      header->alpha_count = (uint16_t)count;
      memcpy(header->alpha, alpha, (size_t)count);
    } else if (header->color_type == CPNG_GRAY && key != NULL) {
      header->has_key = 1;
      header->key[0] = header->key[1] = header->key[2] = key->gray;
    } else if (header->color_type == CPNG_RGB && key != NULL) {
      header->has_key = 1;
      header->key[0] = key->red;
      header->key[1] = key->green;
      header->key[2] = key->blue;
    }
  }
}

cpng_status cpng_read_header(cpng_header *header, cpng_report *report, const uint8_t *bytes, size_t count, cpng_limits limits) {
  memset(header, 0, sizeof *header);
  memset(report, 0, sizeof *report);
  cpng_status start = checked_start(bytes, count);
  if (start != CPNG_OK) return start;

  const cpng_piece whole = {bytes, count};
  source from = {&whole, 0, 1, 0};
  png_structp png = reader(&from, report, limits);
  if (png == NULL) return CPNG_OUT_OF_MEMORY;
  png_infop info = png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    return CPNG_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return failure(&from, report);
  }
  png_read_info(png, info);
  describe(header, png, info);
  int fits = within(png, info, limits);
  png_destroy_read_struct(&png, &info, NULL);
  return fits ? CPNG_OK : CPNG_TOO_LARGE;
}

/// Where libpng writes row `y`: depths up to 8 arrive as bytes in the later half of the row they will be widened into.
static png_bytep landing(uint16_t *samples, size_t row_samples, int bytes_per_sample, size_t y) {
  uint8_t *row = (uint8_t *)(samples + y * row_samples);
  return bytes_per_sample == 2 ? row : row + row_samples;
}

/// Bytes in the later half of each row become 16-bit samples over the whole row. `row_bytes` holds one row.
static void widen(uint16_t *restrict samples, uint8_t *restrict row_bytes, size_t row_samples, size_t height) {
  for (size_t y = 0; y < height; y++) {
    uint16_t *row = samples + y * row_samples;
    memcpy(row_bytes, (uint8_t *)row + row_samples, row_samples);
    for (size_t i = 0; i < row_samples; i++) row[i] = row_bytes[i];
  }
}

static cpng_status read_samples(uint16_t *samples, size_t capacity, cpng_report *report, source from, cpng_limits limits, int is_checked) {
  png_structp png = reader(&from, report, limits);
  if (png == NULL) return CPNG_OUT_OF_MEMORY;
  png_infop info = png_create_info_struct(png);
  uint8_t *volatile row_bytes = NULL;
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    return CPNG_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(row_bytes);
    return failure(&from, report);
  }
  if (is_checked) { // both sums of the image data were compared when it was inflated
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_NO_CHANGE);
    png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
  }
  png_read_info(png, info);
  size_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  size_t row_samples = width * png_get_channels(png, info);
  int bytes_per_sample = png_get_bit_depth(png, info) == 16 ? 2 : 1;
  if (!within(png, info, limits)) png_error(png, "the image is over the limits");
  if (height > capacity / row_samples) png_error(png, "the image is larger than its header said");
  if (bytes_per_sample == 1) {
    row_bytes = malloc(row_samples);
    if (row_bytes == NULL) png_error(png, "out of memory");
  }

  png_set_packing(png); // shallow depths: one byte a sample, unscaled
  const uint16_t one = 1;
  if (*(const uint8_t *)&one == 1) png_set_swap(png); // 16 bits: this machine's byte order
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != row_samples * (size_t)bytes_per_sample) png_error(png, "unexpected row size");

  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < height; y++) png_read_row(png, landing(samples, row_samples, bytes_per_sample, y), NULL);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  if (bytes_per_sample == 1) widen(samples, row_bytes, row_samples, height);
  free(row_bytes);
  return CPNG_OK;
}

cpng_status cpng_read_samples(
  uint16_t *samples, size_t capacity, cpng_report *report, const uint8_t *bytes, size_t count, cpng_limits limits) {
  memset(report, 0, sizeof *report);
  cpng_status start = checked_start(bytes, count);
  if (start != CPNG_OK) return start;

  cpng_inflated inflated;
  if (cpng_inflate(&inflated, bytes, count, limits)) {
    report->inflated_at_once = 1;
    cpng_status status = read_samples(samples, capacity, report, (source){inflated.pieces, 0, 3, 0}, limits, 1);
    free(inflated.idat);
    return status;
  }
  const cpng_piece whole = {bytes, count};
  return read_samples(samples, capacity, report, (source){&whole, 0, 1, 0}, limits, 0);
}
