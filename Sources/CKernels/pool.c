// Persistent thread pool. Workers take pieces off one atomic counter. Between jobs they spin for some microseconds, since a
// network's kernels follow each other closely, and then sleep on a condition variable.
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() ((void)0)
#endif

enum { SPINS = 4000 };

struct sa_pool {
  int threads;
  pthread_t *workers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  atomic_uint generation;  // one per job; odd/even has no meaning
  atomic_int sleeping;
  atomic_bool stopping;
  sa_piece_function function;
  void *context;
  ptrdiff_t pieces;
  atomic_ptrdiff_t next;
  atomic_int busy;  // workers that haven't finished the current job
};

struct worker {
  sa_pool *pool;
  int thread;
};

static void take_pieces(sa_pool *pool, int thread) {
  for (;;) {
    ptrdiff_t piece = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (piece >= pool->pieces) return;
    pool->function(pool->context, piece, thread);
  }
}

static unsigned wait_for_job(sa_pool *pool, unsigned seen) {
  for (int spin = 0; spin < SPINS; spin++) {
    unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
    if (now != seen) return now;
    PAUSE();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleeping, 1);
  unsigned now;
  while ((now = atomic_load(&pool->generation)) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
  atomic_fetch_sub(&pool->sleeping, 1);
  pthread_mutex_unlock(&pool->mutex);
  return now;
}

static void *work(void *argument) {
  struct worker worker = *(struct worker *)argument;
  free(argument);
  unsigned seen = 0;
  for (;;) {
    seen = wait_for_job(worker.pool, seen);
    if (atomic_load(&worker.pool->stopping)) return NULL;
    take_pieces(worker.pool, worker.thread);
    atomic_fetch_sub_explicit(&worker.pool->busy, 1, memory_order_acq_rel);
  }
}

static void start_job(sa_pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleeping) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
  }
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
  start_job(pool);
  for (int thread = 1; thread < pool->threads; thread++) pthread_join(pool->workers[thread], NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->workers);
  free(pool);
}

int sa_pool_threads(const sa_pool *pool) { return pool ? pool->threads : 1; }

void sa_pool_run(sa_pool *pool, sa_piece_function function, void *context, ptrdiff_t pieces) {
  if (!pool || pool->threads == 1 || pieces <= 1) {
    for (ptrdiff_t piece = 0; piece < pieces; piece++) function(context, piece, 0);
    return;
  }
  pool->function = function;
  pool->context = context;
  pool->pieces = pieces;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  atomic_store_explicit(&pool->busy, pool->threads - 1, memory_order_relaxed);
  start_job(pool);
  take_pieces(pool, 0);
  // On a crowded machine a worker may have lost its core: give way after a while.
  for (int spin = 0; atomic_load_explicit(&pool->busy, memory_order_acquire) > 0; spin++) {
    if (spin < SPINS) PAUSE();
    else sched_yield();
  }
}
