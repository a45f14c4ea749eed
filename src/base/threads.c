#include "base/threads.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

/* ---- How many ---------------------------------------------------------------------------------------------------- */

/* Of the caller's OpenMP, where its program has one. */
extern int omp_in_parallel(void) __attribute__((weak));

static bool inside_parallel_region(void) { return omp_in_parallel && omp_in_parallel(); }

static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

enum { MOST_THREADS = 1024 };

int threads_default(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    long wanted = text ? strtol(text, NULL, 10) : 0; /* the first of a list is for the outermost level: ours */
    if (inside_parallel_region()) return 1;
    if (wanted > 0) return wanted < MOST_THREADS ? (int)wanted : MOST_THREADS;
    return processors();
}

int threads_wanted(int wanted)
{
    if (wanted <= 0 || inside_parallel_region()) return threads_default();
    return wanted < MOST_THREADS ? wanted : MOST_THREADS;
}

/* ---- Denormal numbers -------------------------------------------------------------------------------------------- */

static unsigned flush_to_zero(void)
{
#if defined(__SSE__)
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };
    unsigned state = _mm_getcsr();
    _mm_setcsr(state | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return state;
#elif defined(__aarch64__)
    unsigned long state, flush = 1ul << 24;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    __asm__ volatile("msr fpcr, %0" : : "r"(state | flush));
    return (unsigned)state;
#else
    return 0;
#endif
}

static void flush_restore(unsigned state)
{
#if defined(__SSE__)
    _mm_setcsr(state);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((unsigned long)state));
#else
    (void)state;
#endif
}

/* ---- Teams ------------------------------------------------------------------------------------------------------- */

/* Polls before a thread lies down: some tens of microseconds, the time between two pieces of a step. */
enum { POLLS = 1000 };

/* A ticket is the number of a job, and the next index of it to be taken. Between two jobs it is closed: its index is
 * CLOSED, so that no one takes the next job's work for the last one's. */
enum { INDEX_BITS = 32 };
static const uint64_t CLOSED = UINT32_MAX;

struct team {
    _Atomic uint64_t ticket;
    _Atomic size_t count, done;
    void (*work)(void *context, size_t index, int thread);
    void *context;
    _Atomic int sleepers; /* workers that wait for a job */
    _Atomic bool caller_sleeps, stop;
    pthread_mutex_t mutex;
    pthread_cond_t job, finished;
    int size;
    struct worker {
        team *team;
        pthread_t thread;
        int number;
    } workers[];
};

static void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#endif
}

/* Takes indices of the job that is open and does them, until none is left. */
static void do_work(team *t, int thread)
{
    uint64_t ticket = atomic_load(&t->ticket);
    for (;;) {
        size_t index = (size_t)(ticket & CLOSED), count = atomic_load(&t->count);
        if (index == CLOSED || index >= count) return;
        if (!atomic_compare_exchange_weak(&t->ticket, &ticket, ticket + 1)) continue;
        t->work(t->context, index, thread); /* the job stays while one of its indices is not done */
        if (atomic_fetch_add(&t->done, 1) + 1 == count && atomic_load(&t->caller_sleeps)) {
            pthread_mutex_lock(&t->mutex);
            pthread_cond_signal(&t->finished);
            pthread_mutex_unlock(&t->mutex);
        }
        ticket = atomic_load(&t->ticket);
    }
}

/* Waits for a job other than the one numbered last; gives its number. */
static uint64_t await_job(team *t, uint64_t last)
{
    for (int i = 0; i < POLLS; i++, relax())
        if (atomic_load(&t->ticket) >> INDEX_BITS != last) return atomic_load(&t->ticket) >> INDEX_BITS;
    pthread_mutex_lock(&t->mutex);
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(&t->ticket) >> INDEX_BITS == last && !atomic_load(&t->stop))
        pthread_cond_wait(&t->job, &t->mutex);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->mutex);
    return atomic_load(&t->ticket) >> INDEX_BITS;
}

static void *run_worker(void *argument)
{
    struct worker *w = argument;
    flush_to_zero();
    for (uint64_t job = 0; !atomic_load(&w->team->stop);) {
        job = await_job(w->team, job);
        do_work(w->team, w->number);
    }
    return NULL;
}

static void await_end(team *t, size_t count)
{
    for (int i = 0; i < POLLS; i++, relax())
        if (atomic_load(&t->done) == count) return;
    pthread_mutex_lock(&t->mutex);
    atomic_store(&t->caller_sleeps, true);
    while (atomic_load(&t->done) != count) pthread_cond_wait(&t->finished, &t->mutex);
    atomic_store(&t->caller_sleeps, false);
    pthread_mutex_unlock(&t->mutex);
}

/* Closes the last job, describes the next one and opens it. */
static void open_job(team *t, size_t count, void (*work)(void *context, size_t index, int thread), void *context)
{
    uint64_t number = (atomic_load(&t->ticket) >> INDEX_BITS) + 1;
    atomic_store(&t->ticket, (number - 1) << INDEX_BITS | CLOSED);
    t->work = work;
    t->context = context;
    atomic_store(&t->count, count);
    atomic_store(&t->done, 0);
    atomic_store(&t->ticket, number << INDEX_BITS);
    if (!atomic_load(&t->sleepers)) return;
    pthread_mutex_lock(&t->mutex);
    pthread_cond_broadcast(&t->job);
    pthread_mutex_unlock(&t->mutex);
}

void team_for(team *team, size_t count, void (*work)(void *context, size_t index, int thread), void *context)
{
    unsigned state = flush_to_zero();
    if (team_size(team) > 1 && count > 1 && count < CLOSED) {
        open_job(team, count, work, context);
        do_work(team, 0);
        await_end(team, count);
    } else {
        for (size_t index = 0; index < count; index++) work(context, index, 0);
    }
    flush_restore(state);
}

team *team_new(int wanted)
{
    int size = threads_wanted(wanted);
    team *t = calloc(1, sizeof *t + (size_t)size * sizeof *t->workers);
    if (!t) return NULL;
    atomic_store(&t->ticket, CLOSED);
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->job, NULL);
    pthread_cond_init(&t->finished, NULL);
    for (t->size = 1; t->size < size; t->size++) {
        struct worker *w = &t->workers[t->size - 1];
        *w = (struct worker){.team = t, .number = t->size};
        if (pthread_create(&w->thread, NULL, run_worker, w)) break;
    }
    return t;
}

void team_free(team *t)
{
    if (!t) return;
    pthread_mutex_lock(&t->mutex);
    atomic_store(&t->stop, true);
    pthread_cond_broadcast(&t->job);
    pthread_mutex_unlock(&t->mutex);
    for (int i = 1; i < t->size; i++) pthread_join(t->workers[i - 1].thread, NULL);
    pthread_cond_destroy(&t->finished);
    pthread_cond_destroy(&t->job);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

int team_size(const team *team) { return team ? team->size : 1; }
