/// libpng's messages, kept for the caller instead of printed.
#ifndef CPNG_REPORT_H
#define CPNG_REPORT_H

#include "CPNGReader.h"
#include <png.h>

void cpng_on_error(png_structp png, png_const_charp message) __attribute__((noreturn));
void cpng_on_warning(png_structp png, png_const_charp message);
int cpng_is_memory_message(const cpng_report *report);

#endif
