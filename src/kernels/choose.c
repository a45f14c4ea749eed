/* Which kernels run: by the processor and the shapes, or by the environment variables CEPA_CPU and CEPA_CONV. */
#include "base/memory.h"
#include "kernels/kernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const kernel_table *kernels;

static bool always(void) { return true; }
#if defined(CEPA_X86)
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
}
static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
extern const kernel_table table_avx512, table_avx2;
#endif
extern const kernel_table table_portable;

/* Best first. */
static const struct {
    const char *name;
    const kernel_table *table; /* NULL: not for this kind of processor */
    bool (*runs_here)(void);
} choices[] = {
#if defined(CEPA_X86)
    {"avx512", &table_avx512, has_avx512},
    {"avx2", &table_avx2, has_avx2},
#else
    {"avx512", NULL, always},
    {"avx2", NULL, always},
#endif
    {"portable", &table_portable, always},
};

const kernel_table *kernels_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(choices); i++)
        if (strcmp(choices[i].name, name) == 0 && choices[i].table && choices[i].runs_here()) return choices[i].table;
    return NULL;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(choices); i++)
        if (strcmp(choices[i].name, name) == 0) return true;
    return false;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static cepa_error refused;
static bool direct_wanted;

static void choose_convolutions(void)
{
    const char *wanted = getenv("CEPA_CONV");
    if (!wanted || !*wanted || strcmp(wanted, "auto") == 0) return;
    direct_wanted = strcmp(wanted, "direct") == 0;
    if (!direct_wanted) fail(&refused, CEPA_ARGUMENT, "CEPA_CONV=%s: expected auto or direct", wanted);
}

static void choose_instruction_set(void)
{
    const char *wanted = getenv("CEPA_CPU");
    if (wanted && *wanted) {
        kernels = kernels_named(wanted);
        if (!is_known(wanted))
            fail(&refused, CEPA_ARGUMENT, "CEPA_CPU=%s: expected portable, avx2 or avx512", wanted);
        else if (!kernels)
            fail(&refused, CEPA_ARGUMENT, "CEPA_CPU=%s: this machine does not have it", wanted);
        return;
    }
    for (size_t i = 0; !kernels && i < ARRAY_COUNT(choices); i++) kernels = kernels_named(choices[i].name);
}

static void choose(void)
{
    choose_convolutions();
    if (!refused.status) choose_instruction_set();
}

cepa_status kernels_choose(cepa_error *error)
{
    pthread_once(&once, choose);
    return kernels ? CEPA_OK : fail(error, refused.status, "%s", refused.message);
}

bool conv_direct_wanted(void) { return direct_wanted; }
