// Persistent thread pool. Workers take pieces off one atomic word. Between jobs they spin for a fraction of a millisecond, since a
// network's kernels follow each other closely, and then sleep on a condition variable. A job ends with its last piece: one that is done
// before a worker wakes doesn't wait for it.
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() ((void)0)
#endif

enum { SPINS = 10000 };

struct sa_pool {
  int threads;
  pthread_t *workers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  /// The job's number in the upper half, its pieces that nobody has taken in the lower. Who takes one by exchanging the word knows that
  /// the job is alive, and that what stands below is the job's, until the piece is counted as done.
  atomic_uint_fast64_t job;
  atomic_int sleeping;
  atomic_bool stopping;
  sa_piece_function function;
  void *context;
  ptrdiff_t pieces;
  atomic_ptrdiff_t done;
};

struct worker {
  sa_pool *pool;
  int thread;
};

static const uint64_t untaken = UINT32_MAX;

static void take_pieces(sa_pool *pool, int thread) {
  ptrdiff_t count = 0;
  uint64_t job = atomic_load_explicit(&pool->job, memory_order_acquire);
  while (job & untaken) {
    if (!atomic_compare_exchange_weak_explicit(&pool->job, &job, job - 1, memory_order_acquire, memory_order_acquire)) continue;
    pool->function(pool->context, pool->pieces - (ptrdiff_t)(job & untaken), thread);
    count++;
    job = atomic_load_explicit(&pool->job, memory_order_acquire);
  }
  // Not earlier: while this is missing from the sum, the job can't end and the next one can't begin.
  if (count > 0) atomic_fetch_add_explicit(&pool->done, count, memory_order_release);
}

static bool is_needed(sa_pool *pool) { return (atomic_load(&pool->job) & untaken) || atomic_load(&pool->stopping); }

static void wait_for_job(sa_pool *pool) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (is_needed(pool)) return;
    PAUSE();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleeping, 1);
  while (!is_needed(pool)) pthread_cond_wait(&pool->wake, &pool->mutex);
  atomic_fetch_sub(&pool->sleeping, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *argument) {
  struct worker worker = *(struct worker *)argument;
  free(argument);
  while (wait_for_job(worker.pool), !atomic_load(&worker.pool->stopping)) take_pieces(worker.pool, worker.thread);
  return NULL;
}

static void wake_sleepers(sa_pool *pool) {
  if (atomic_load(&pool->sleeping) == 0) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

sa_pool *sa_pool_create(int threads) {
  sa_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->workers = calloc((size_t)(threads > 1 ? threads : 1), sizeof *pool->workers);
  if (!pool->workers) {
    free(pool);
    return NULL;
  }
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pool->threads = 1;
  for (int thread = 1; thread < threads; thread++) {
    struct worker *worker = malloc(sizeof *worker);
    if (worker) *worker = (struct worker){pool, thread};
    if (!worker || pthread_create(&pool->workers[thread], NULL, work, worker) != 0) {
      free(worker);
      sa_pool_destroy(pool);
      return NULL;
    }
    pool->threads = thread + 1;
  }
  return pool;
}

void sa_pool_destroy(sa_pool *pool) {
  if (!pool) return;
  atomic_store(&pool->stopping, true);
  wake_sleepers(pool);
  for (int thread = 1; thread < pool->threads; thread++) pthread_join(pool->workers[thread], NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->workers);
  free(pool);
}

int sa_pool_threads(const sa_pool *pool) { return pool ? pool->threads : 1; }

void sa_pool_run(sa_pool *pool, sa_piece_function function, void *context, ptrdiff_t pieces) {
  if (!pool || pool->threads == 1 || pieces <= 1 || pieces > (ptrdiff_t)untaken) {
    for (ptrdiff_t piece = 0; piece < pieces; piece++) function(context, piece, 0);
    return;
  }
  pool->function = function;
  pool->context = context;
  pool->pieces = pieces;
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  uint64_t number = (atomic_load_explicit(&pool->job, memory_order_relaxed) >> 32) + 1;
  atomic_store(&pool->job, number << 32 | (uint64_t)pieces);
  wake_sleepers(pool);
  take_pieces(pool, 0);
  // On a crowded machine a worker may have lost its core: give way after a while.
  for (int spin = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < pieces; spin++) {
    if (spin < SPINS) PAUSE();
    else sched_yield();
  }
}
