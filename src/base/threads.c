#include "base/threads.h"

#include "base/memory.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

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

/* Polls before a thread lies down: about a millisecond, a long piece of a step, as a virtual machine's processor that
 * sleeps is lent to others and may be long in coming back. But where something else in this machine wants the
 * processor, which a yield shows, the thread lies down earlier the next so many times. */
enum { POLLS = 16384, SHORT_POLLS = 1000, POLLS_A_YIELD = 64, SHORT_WAITS = 100, CACHE_LINE = 64 };

/* A ticket is the number of a job, and the next index of it to be taken. Between two jobs it is closed: its index is
 * CLOSED, so that no one takes the next job's work for the last one's. */
enum { INDEX_BITS = 32 };
static const uint64_t CLOSED = UINT32_MAX;

/* Indices of a job that are taken one after the other: first, first + stride and so on, end of them so far. */
typedef struct share {
    _Alignas(CACHE_LINE) _Atomic uint64_t ticket;
    _Atomic size_t end;
    size_t first, stride, count;
} share;

typedef struct job {
    _Alignas(CACHE_LINE) team_work *work;
    bool (*ready)(const void *context, size_t index); /* NULL: all are, at once */
    void *context;
    _Atomic size_t count, done;
} job;

/* What a team does at a time: a job, and its sequel. */
enum { FIRST, SEQUEL, JOBS };

typedef struct member {
    share shares[JOBS];
    job offer; /* what the thread lets others take part in, ... */
    share offered;
    team *team;
    pthread_t thread;        /* not of the caller */
    int number, short_waits; /* how many waits are to be short */
} member;

struct team {
    job jobs[JOBS];
    _Alignas(CACHE_LINE) _Atomic uint64_t events; /* jobs and offers, begun and done */
    _Alignas(CACHE_LINE) _Atomic int idle;        /* threads without work, ... */
    _Atomic int sleepers;                         /* ... and those of all that sleep */
    _Atomic bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t event;
    int size, started; /* threads: with a place, and with a thread */
    member members[];  /* the first is the caller */
};

static void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#endif
}

static void announce(team *t)
{
    atomic_fetch_add(&t->events, 1);
    if (!atomic_load(&t->sleepers)) return;
    pthread_mutex_lock(&t->mutex);
    pthread_cond_broadcast(&t->event);
    pthread_mutex_unlock(&t->mutex);
}

/* Lets others go first. Whether there were any. */
static bool yields(void)
{
    struct rusage before = {.ru_nivcsw = 0}, after = before;
    getrusage(RUSAGE_THREAD, &before);
    sched_yield();
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_nivcsw != before.ru_nivcsw;
}

/* Awake. Whether there was an event behind those seen. */
static bool polls_event(const team *t, member *m, uint64_t seen)
{
    const int polls = m->short_waits > 0 ? SHORT_POLLS : POLLS;
    if (m->short_waits > 0) m->short_waits--;
    for (int i = 1; i <= polls; i++, relax()) {
        if (atomic_load(&t->events) != seen) return true;
        if (i > SHORT_POLLS && i % POLLS_A_YIELD == 0 && yields()) {
            m->short_waits = SHORT_WAITS;
            return false;
        }
    }
    return false;
}

/* Waits for an event behind those seen. */
static void await_event(team *t, int thread, uint64_t seen)
{
    if (polls_event(t, &t->members[thread], seen)) return;
    pthread_mutex_lock(&t->mutex);
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(&t->events) == seen) pthread_cond_wait(&t->event, &t->mutex);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->mutex);
}

static void close_share(share *s) { atomic_fetch_or(&s->ticket, CLOSED); }

static void open_share(share *s)
{
    uint64_t number = (atomic_load(&s->ticket) >> INDEX_BITS) + 1;
    atomic_store(&s->ticket, number << INDEX_BITS);
}

/* Of a job whose shares are closed. */
static void describe_job(job *j, const team_sequel *said, void *context)
{
    j->work = said->work;
    j->ready = said->ready;
    j->context = context;
    atomic_store(&j->count, said->count);
    atomic_store(&j->done, 0);
}

static bool is_done(const job *j) { return atomic_load(&j->done) == atomic_load(&j->count); }

/* How many of a share's indices can be begun, of which end could. */
static size_t ready_end(const job *j, const share *s, size_t end)
{
    while (end < s->count && (!j->ready || j->ready(j->context, s->first + end * s->stride))) end++;
    return end;
}

/* Deals out a job whose shares are closed: to each thread every size-th index. */
static void deal(team *t, int which)
{
    const size_t size = (size_t)t->size, count = atomic_load(&t->jobs[which].count);
    for (size_t i = 0; i < size; i++) {
        share *s = &t->members[i].shares[which];
        s->first = i;
        s->stride = size;
        s->count = count / size + (i < count % size);
        atomic_store(&s->end, ready_end(&t->jobs[which], s, 0));
    }
}

/* Takes indices of a share, if it is open, and does them until none is left. Whether there was one. */
static bool work_on(team *t, job *j, share *s, int thread)
{
    uint64_t ticket = atomic_load(&s->ticket);
    bool worked = false;
    for (;;) {
        size_t taken = (size_t)(ticket & CLOSED);
        if (taken == CLOSED || taken >= atomic_load(&s->end)) return worked;
        if (!atomic_compare_exchange_weak(&s->ticket, &ticket, ticket + 1)) continue;
        /* the job stays while one of its indices is not done */
        j->work(j->context, s->first + taken * s->stride, thread);
        worked = true;
        if (atomic_fetch_add(&j->done, 1) + 1 == atomic_load(&j->count)) announce(t);
        ticket = atomic_load(&s->ticket);
    }
}

/* Works on whatever there is: the thread's own share of the team's job, the other shares, the sequel, what others
 * offer. */
static bool work_on_any(team *t, int thread)
{
    bool worked = false;
    for (int which = 0; which < JOBS && !worked; which++)
        for (int i = 0; i < t->size; i++)
            worked = work_on(t, &t->jobs[which], &t->members[(thread + i) % t->size].shares[which], thread) || worked;
    for (int i = 0; i < t->size && !worked; i++)
        worked = work_on(t, &t->members[i].offer, &t->members[i].offered, thread);
    return worked;
}

/* Works, and waits for work, until the team's job is done; a worker until the team ends. */
static void serve(team *t, int thread)
{
    for (;;) {
        uint64_t seen = atomic_load(&t->events);
        if (thread == 0 ? is_done(&t->jobs[FIRST]) && is_done(&t->jobs[SEQUEL]) : atomic_load(&t->stop)) return;
        if (work_on_any(t, thread)) continue;
        atomic_fetch_add(&t->idle, 1);
        await_event(t, thread, seen);
        atomic_fetch_sub(&t->idle, 1);
    }
}

static void *run_worker(void *argument)
{
    member *m = argument;
    flush_to_zero();
    serve(m->team, m->number);
    return NULL;
}

static const team_sequel no_sequel = {0};

void team_for(team *team, size_t count, team_work *work, void *context)
{
    team_for_then(team, count, work, &no_sequel, context);
}

static void run_jobs(team *t, const team_sequel *said[JOBS], void *context)
{
    for (int which = 0; which < JOBS; which++) {
        for (int i = 0; i < t->size; i++) close_share(&t->members[i].shares[which]);
        describe_job(&t->jobs[which], said[which], context);
        deal(t, which);
    }
    for (int which = 0; which < JOBS; which++)
        for (int i = 0; i < t->size; i++) open_share(&t->members[i].shares[which]);
    announce(t);
    serve(t, 0);
}

void team_for_then(team *team, size_t count, team_work *work, const team_sequel *sequel, void *context)
{
    unsigned state = flush_to_zero();
    const team_sequel *said[JOBS] = {&(team_sequel){.count = count, .work = work}, sequel};
    if (team_size(team) > 1 && count + sequel->count > 1 && count < CLOSED && sequel->count < CLOSED)
        run_jobs(team, said, context);
    else
        for (int which = 0; which < JOBS; which++)
            for (size_t index = 0; index < said[which]->count; index++) said[which]->work(context, index, 0);
    flush_restore(state);
}

/* Raises a share's end; others may do so too. */
static bool raise_end(const job *j, share *s)
{
    size_t end = atomic_load(&s->end), further = ready_end(j, s, end);
    while (end < further)
        if (atomic_compare_exchange_weak(&s->end, &end, further)) return true;
    return false;
}

void team_advance(team *team)
{
    bool more = false;
    if (team_size(team) == 1) return;
    for (int i = 0; i < team->size; i++)
        more = raise_end(&team->jobs[SEQUEL], &team->members[i].shares[SEQUEL]) || more;
    if (more) announce(team);
}

size_t team_hands(const team *team) { return team ? 1 + (size_t)atomic_load(&team->idle) : 1; }

void team_offer(team *team, size_t count, team_work *work, void *context, int thread)
{
    member *m = &team->members[thread];
    close_share(&m->offered);
    describe_job(&m->offer, &(team_sequel){.count = count, .work = work}, context);
    atomic_store(&m->offered.end, count);
    open_share(&m->offered);
    announce(team);
    work_on(team, &m->offer, &m->offered, thread);
    for (;;) {
        uint64_t seen = atomic_load(&team->events);
        if (is_done(&m->offer)) return;
        await_event(team, thread, seen);
    }
}

team *team_new(int wanted)
{
    int size = threads_wanted(wanted);
    team *t = allocate_aligned(sizeof(team) + (size_t)size * sizeof(member));
    if (!t) return NULL;
    t->size = size;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->event, NULL);
    for (int i = 0; i < size; i++) {
        member *m = &t->members[i];
        m->team = t;
        m->number = i;
        for (int which = 0; which < JOBS; which++) close_share(&m->shares[which]);
        close_share(&m->offered);
        m->offered.stride = 1;
    }
    for (t->started = 1; t->started < size; t->started++) {
        member *m = &t->members[t->started];
        if (pthread_create(&m->thread, NULL, run_worker, m)) break;
    }
    return t;
}

void team_free(team *t)
{
    if (!t) return;
    atomic_store(&t->stop, true);
    announce(t);
    for (int i = 1; i < t->started; i++) pthread_join(t->members[i].thread, NULL);
    pthread_cond_destroy(&t->event);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

int team_size(const team *team) { return team ? team->started : 1; }
