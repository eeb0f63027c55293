#include "report.h"

#include <stdio.h>
#include <string.h>

// png_longjmp lands in the setjmp of the function in this target that called libpng.
void cpng_on_error(png_structp png, png_const_charp message) {
  cpng_report *report = png_get_error_ptr(png);
  snprintf(report->message, sizeof report->message, "%s", message);
  png_longjmp(png, 1);
}

void cpng_on_warning(png_structp png, png_const_charp message) {
  cpng_report *report = png_get_error_ptr(png);
  if (report->message[0] == 0) snprintf(report->message, sizeof report->message, "%s", message);
}

int cpng_is_memory_message(const cpng_report *report) {
  return strstr(report->message, "memory") != NULL; // "Out of memory", "insufficient memory", "out of memory"
}
