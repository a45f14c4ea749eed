#include "base/threads.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __SSE__
#include <xmmintrin.h>
#endif

int threads_default(void)
{
#ifdef _OPENMP
    return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
    return 1;
#endif
}

int threads_wanted(int wanted)
{
    int most = threads_default();
#ifdef _OPENMP
    return wanted > 0 && !omp_in_parallel() ? wanted : most;
#else
    (void)wanted;
    return most;
#endif
}

void threads_for(int threads, size_t count, void (*work)(void *context, size_t index, int thread), void *context)
{
#ifdef _OPENMP
    if (threads > 1 && count > 1) {
#pragma omp parallel num_threads(threads)
        {
            unsigned state = flush_to_zero();
            int thread = omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
            for (size_t index = 0; index < count; index++) work(context, index, thread);
            flush_restore(state);
        }
        return;
    }
#endif
    (void)threads;
    unsigned state = flush_to_zero();
    for (size_t index = 0; index < count; index++) work(context, index, 0);
    flush_restore(state);
}

unsigned flush_to_zero(void)
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

void flush_restore(unsigned state)
{
#if defined(__SSE__)
    _mm_setcsr(state);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((unsigned long)state));
#else
    (void)state;
#endif
}
