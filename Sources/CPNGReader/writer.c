#include "CPNGReader.h"
#include "report.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
} sink;

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  sink *to = png_get_io_ptr(png);
  if (count > to->capacity - to->count) {
    size_t capacity = (to->capacity + count) * 2;
    uint8_t *grown = realloc(to->bytes, capacity);
    if (grown == NULL) png_error(png, "out of memory");
    to->bytes = grown;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->count, bytes, count);
  to->count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

cpng_status cpng_write_gray(
  uint8_t **bytes, size_t *count, cpng_report *report, const uint16_t *samples, uint32_t width, uint32_t height, int bit_depth) {
  memset(report, 0, sizeof *report);
  sink to = {NULL, 0, 0};
  uint8_t *volatile row_bytes = malloc((size_t)width * 2);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, report, cpng_on_error, cpng_on_warning);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (row_bytes == NULL || info == NULL) {
    png_destroy_write_struct(&png, NULL);
    free(row_bytes);
    return CPNG_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(row_bytes);
    free(to.bytes);
    return cpng_is_memory_message(report) ? CPNG_OUT_OF_MEMORY : CPNG_CORRUPT;
  }
  png_set_write_fn(png, &to, write_bytes, flush_bytes);
  png_set_IHDR(
    png, info, width, height, bit_depth, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  // One fixed filter and level: the same samples give the same bytes, and no row depends on a heuristic.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_compression_level(png, 6);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) {
    const uint16_t *row = samples + (size_t)y * width;
    for (uint32_t x = 0; x < width; x++) {
      if (bit_depth == 16) {
        row_bytes[2 * (size_t)x] = (uint8_t)(row[x] >> 8);
        row_bytes[2 * (size_t)x + 1] = (uint8_t)row[x];
      } else {
        row_bytes[x] = (uint8_t)row[x];
      }
    }
    png_write_row(png, row_bytes);
  }
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  free(row_bytes);
  *bytes = to.bytes;
  *count = to.count;
  return CPNG_OK;
}

void cpng_free(uint8_t *bytes) { free(bytes); }
