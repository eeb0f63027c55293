#ifndef SA_PEAK_H
#define SA_PEAK_H
#include "cpu.h"
#include "pool.h"

/// Multiply-adds on registers and nothing else, `rounds` times on each of `threads` pieces: the most that the processor could do.
/// Returns how many floating-point operations that were.
double sa_multiply_add_peak(ptrdiff_t rounds, int threads, sa_instruction_set set, sa_pool *pool);
#endif
