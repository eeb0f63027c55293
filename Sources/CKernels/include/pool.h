#ifndef SA_POOL_H
#define SA_POOL_H
#include <stddef.h>

/// A fixed crew of threads that stays between calls; the calling thread is one of them.
typedef struct sa_pool sa_pool;

/// One piece of work. `thread` (0 ..< threads) names the scratch it may use; results may depend on `piece` only.
typedef void (*sa_piece_function)(void *context, ptrdiff_t piece, int thread);

/// A pool of `threads` (at least 1), or NULL if the system refuses them.
sa_pool *sa_pool_create(int threads);
void sa_pool_destroy(sa_pool *pool);

/// The number of threads; 1 for NULL.
int sa_pool_threads(const sa_pool *pool);

/// Runs pieces 0 ..< pieces, each once, and returns when all are done. NULL runs them here, in order. One caller at a time.
void sa_pool_run(sa_pool *pool, sa_piece_function function, void *context, ptrdiff_t pieces);
#endif
