// CPU dispatch: asked once; races are harmless, since every thread finds the same answer.
#include "cpu.h"

static sa_instruction_set detect(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return SA_PORTABLE;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512dq"))
    return SA_AVX512;
  return SA_AVX2;
#else
  return SA_PORTABLE;
#endif
}

sa_instruction_set sa_best_instruction_set(void) {
  static _Atomic int known = -1;
  int set = known;
  if (set < 0) known = set = (int)detect();
  return (sa_instruction_set)set;
}

const char *sa_instruction_set_name(sa_instruction_set set) {
  switch (set) {
    case SA_AVX512: return "avx512";
    case SA_AVX2: return "avx2";
    default: return "portable";
  }
}
