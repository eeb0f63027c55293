#include "gather.h"

sa_gather sa_gather_make(sa_conv_plan plan) {
  sa_conv_geometry g = plan.geometry;
  sa_gather gather = {.geometry = g, .backward = plan.purpose == SA_CONV_BACKWARD_DATA};
  sa_index in = g.input_channels / g.groups, out = g.output_channels / g.groups;
  gather.phases = gather.backward ? g.stride : 1;
  gather.step = gather.backward ? 1 : g.stride;
  gather.source_channels = gather.backward ? out : in;
  gather.columns = gather.backward ? in : out;
  gather.source_height = gather.backward ? plan.output_height : g.input_height;
  gather.source_width = gather.backward ? plan.output_width : g.input_width;
  gather.height = gather.backward ? g.input_height : plan.output_height;
  gather.width = gather.backward ? g.input_width : plan.output_width;
  return gather;
}

bool sa_gather_fits(sa_conv_geometry g) {
  sa_index in = g.input_channels / g.groups, out = g.output_channels / g.groups;
  if (g.groups > 1 && (in % 8 != 0 || out % 8 != 0)) return false;  // groups would share vectors
  if (g.kernel_height * g.kernel_width > SA_MOST_TAPS) return false;
  return g.kernel_height * g.kernel_width == 1 || sa_most(in, out) <= SA_MOST_ZEROS;
}

/// Whether input position `phase + i * stride` meets tap `tap`, and if so at which output position minus i.
static bool meets(sa_index *offset, sa_index phase, sa_index pad, sa_index tap, sa_conv_geometry g) {
  sa_index numerator = phase + pad - tap * g.dilation;
  if ((numerator % g.stride + g.stride) % g.stride != 0) return false;
  *offset = numerator / g.stride;
  return true;
}

/// Whether one of `count` positions, `step` apart from `offset` on, is inside 0 ..< extent.
static bool reaches(sa_index offset, sa_index step, sa_index count, sa_index extent) {
  sa_index first = offset >= 0 ? 0 : sa_ceil_div(-offset, step);
  return first < count && offset + first * step < extent;
}

void sa_gather_phase(sa_phase *phase, const sa_gather *gather, sa_index index, sa_index padded_columns) {
  sa_conv_geometry g = gather->geometry;
  phase->packed_offset = 0;
  for (sa_index at = 0; at <= index; at++) {
    if (at > 0) phase->packed_offset += g.groups * phase->tap_count * gather->source_channels * padded_columns;
    phase->row_phase = at / gather->phases;
    phase->column_phase = at % gather->phases;
    phase->height = sa_ceil_div(gather->height - phase->row_phase, gather->phases);
    phase->width = sa_ceil_div(gather->width - phase->column_phase, gather->phases);
    phase->tap_count = 0;
    for (sa_index u = 0; u < g.kernel_height; u++)
      for (sa_index v = 0; v < g.kernel_width; v++) {
        sa_tap tap = {u, v, u * g.dilation - g.pad_top, v * g.dilation - g.pad_left};
        if (gather->backward
            && (!meets(&tap.row_offset, phase->row_phase, g.pad_top, u, g)
                || !meets(&tap.column_offset, phase->column_phase, g.pad_left, v, g)))
          continue;
        if (!reaches(tap.row_offset, gather->step, phase->height, gather->source_height)
            || !reaches(tap.column_offset, gather->step, phase->width, gather->source_width))
          continue;
        phase->taps[phase->tap_count++] = tap;
      }
  }
}
