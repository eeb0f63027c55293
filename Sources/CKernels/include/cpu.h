#ifndef SA_CPU_H
#define SA_CPU_H
/// Instruction sets that kernels come in, slowest first. Bits are promised per instruction set.
typedef enum sa_instruction_set {
  /// What the compiler targets by default: the reference loops.
  SA_PORTABLE = 0,
  /// x86-64 with AVX2 and FMA.
  SA_AVX2 = 1,
  /// x86-64 with AVX-512 F, VL, BW and DQ.
  SA_AVX512 = 2,
} sa_instruction_set;

/// The best set this processor and operating system offer, asked once.
sa_instruction_set sa_best_instruction_set(void);

/// "portable", "avx2", "avx512".
const char *sa_instruction_set_name(sa_instruction_set set);
#endif
