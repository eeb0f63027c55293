// Times the gathered product, F(2x2, 3x3) and F(4x4, 3x3) on square maps and writes Sources/CKernels/winograd_table.c; see
// `tools/winograd-table`.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "CKernels.h"
#include "winograd.h"

enum { IMAGES = 8, REPEATS = 7, ALGORITHMS = 3 };
static const sa_conv_algorithm algorithms[ALGORITHMS] = {SA_CONV_WINOGRAD_4, SA_CONV_WINOGRAD_2, SA_CONV_GEMM};
/// The first is taken unless another needs less than this share of its time.
static const double advantage = 0.95;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static float *values(sa_index count) {
  float *to = aligned_alloc(64, ((size_t)count * sizeof(float) + 127) / 64 * 64);
  for (sa_index i = 0; i < count; i++) to[i] = (float)(i * 2654435761 % 2048) / 1024 - 1;
  return to;
}

static double seconds(sa_conv_geometry g, sa_conv_purpose purpose, sa_conv_algorithm algorithm) {
  sa_conv_plan plan = sa_conv_plan_make_with(g, purpose, algorithm, sa_best_instruction_set());
  sa_index c = sa_padded(g.input_channels), k = sa_padded(g.output_channels), pixels = IMAGES * g.input_height * g.input_width;
  float *x = values(pixels * c), *y = values(pixels * k), *weight = values(g.input_channels * g.output_channels * 9);
  float *packed = values(plan.packed_floats), *scratch = values(sa_conv_scratch_floats(plan, IMAGES, 1));
  sa_map input = {x, IMAGES, g.input_height, g.input_width, g.input_channels, c};
  sa_map output = {y, IMAGES, g.input_height, g.input_width, g.output_channels, k};
  if (purpose != SA_CONV_BACKWARD_WEIGHTS) sa_conv_pack(packed, weight, plan, NULL);
  double least = INFINITY;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double start = now();
    switch (purpose) {
      case SA_CONV_FORWARD:
        sa_conv_forward(output, input, packed, (sa_conv_epilogue){0}, (sa_prologue){0}, plan, scratch, NULL);
        break;
      case SA_CONV_BACKWARD_DATA: sa_conv_backward_data(input, output, packed, SA_WRITES, plan, scratch, NULL); break;
      default: sa_conv_backward_weights(weight, input, output, SA_WRITES, (sa_prologue){0}, plan, scratch, NULL);
    }
    least = fmin(least, now() - start);
  }
  free(x), free(y), free(weight), free(packed), free(scratch);
  return least;
}

static char fastest(sa_conv_geometry g, sa_conv_purpose purpose) {
  double best = INFINITY;
  int chosen = 0;
  for (int i = 0; i < ALGORITHMS; i++) {
    double time = seconds(g, purpose, algorithms[i]);
    if (time < best * (i ? advantage : 1)) best = time, chosen = i;
  }
  return "42g"[chosen];
}

int main(void) {
  printf("// The fastest algorithm of a 3x3 stride-1 convolution: 4 for F(4x4), 2 for F(2x2), g for the gathered product.\n"
         "// Made by `tools/winograd-table` (batch %d, one thread, %s); regenerate after a change to these kernels.\n"
         "#include \"winograd.h\"\n\n"
         "/// [purpose][side of the map][input channels][output channels], the steps being `sa_winograd_sides` and\n"
         "/// `sa_winograd_channels`.\n"
         "const char sa_winograd_table[3][SA_WINOGRAD_SIDES][SA_WINOGRAD_WIDTHS][SA_WINOGRAD_WIDTHS + 1] = {\n",
      IMAGES, sa_instruction_set_name(sa_best_instruction_set()));
  static const char *const names[] = {"forward", "input gradient", "weight gradient"};
  for (int purpose = 0; purpose < 3; purpose++) {
    printf("    // %s\n    {\n", names[purpose]);
    for (int side = 0; side < SA_WINOGRAD_SIDES; side++) {
      printf("        /* %2d */ {", (int)sa_winograd_sides[side]);
      for (int i = 0; i < SA_WINOGRAD_WIDTHS; i++) {
        printf("%s\"", i ? ", " : "");
        for (int o = 0; o < SA_WINOGRAD_WIDTHS; o++) {
          sa_index h = sa_winograd_sides[side], c = sa_winograd_channels[i], k = sa_winograd_channels[o];
          sa_conv_geometry g = {c, k, 3, 3, 1, 1, 1, 1, 1, 1, 1, h, h};
          putchar(fastest(g, (sa_conv_purpose)purpose));
        }
        printf("\"");
      }
      printf("},\n");
      fflush(stdout);
      fprintf(stderr, "%s, %d pixels\n", names[purpose], (int)sa_winograd_sides[side]);
    }
    printf("    },\n");
  }
  printf("};\n");
}
