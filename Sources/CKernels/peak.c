// The ceiling that benchmarks measure kernels against: twelve independent chains of fused multiply-adds hide their latency and fit the
// registers of either vector width.
#include "peak.h"

#include "variants.h"

enum { CHAINS = 12, UNROLLED = 48 };

typedef struct chain_job {
  ptrdiff_t rounds;
  float factor, term;
  volatile float sink;
} chain_job;

#define CHAIN_LOOP(VECTOR)                                                                    \
  VECTOR sums[CHAINS];                                                                        \
  for (int i = 0; i < CHAINS; i++) sums[i] = (VECTOR){0} + (float)i;                          \
  VECTOR factor = (VECTOR){0} + job->factor, term = (VECTOR){0} + job->term;                  \
  for (ptrdiff_t round = 0; round < job->rounds; round++)                                     \
    _Pragma("clang loop unroll(full)") for (int step = 0; step < UNROLLED / CHAINS; step++)   \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sums[i] = sums[i] * factor + term; \
  for (int i = 1; i < CHAINS; i++) sums[0] += sums[i];                                        \
  job->sink = sums[0][0]

typedef float v4 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef float v16 __attribute__((vector_size(64)));

static void chains_ref(void *context, ptrdiff_t piece, int thread) {
  (void)piece, (void)thread;
  chain_job *job = context;
  CHAIN_LOOP(v4);
}

SA_TARGET_AVX2 static void chains_avx2(void *context, ptrdiff_t piece, int thread) {
  (void)piece, (void)thread;
  chain_job *job = context;
  CHAIN_LOOP(v8);
}

SA_TARGET_AVX512 static void chains_avx512(void *context, ptrdiff_t piece, int thread) {
  (void)piece, (void)thread;
  chain_job *job = context;
  CHAIN_LOOP(v16);
}

double sa_multiply_add_peak(ptrdiff_t rounds, int threads, sa_instruction_set set, sa_pool *pool) {
  chain_job job = {.rounds = rounds, .factor = 0.5f, .term = 1};
  sa_pool_run(pool, set == SA_AVX512 ? chains_avx512 : set == SA_AVX2 ? chains_avx2 : chains_ref, &job, threads);
  return 2.0 * (set == SA_AVX512 ? 16 : set == SA_AVX2 ? 8 : 4) * UNROLLED * (double)rounds * threads;
}
