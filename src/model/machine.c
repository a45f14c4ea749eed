/* The machine and this build. */
#include "base/threads.h"
#include "kernels/kernels.h"

#include <string.h>

static const char features[] = ""
#ifdef CEPA_HAVE_KERAS
                               " keras"
#endif
#ifdef CEPA_HAVE_IMAGES
                               " images"
#endif
#ifdef CEPA_HAVE_ARCHIVES
                               " archives"
#endif
#ifdef CEPA_HAVE_FETCH
                               " fetch"
#endif
#ifdef CEPA_HAVE_FIGURES
                               " figures"
#endif
    ;

#if defined(__x86_64__)
#include <cpuid.h>

/* The brand string of the processor, 48 bytes in three leaves. */
static void read_processor(char name[64])
{
    unsigned words[12];
    for (unsigned i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]))
            return;
    memcpy(name, words, sizeof words);
    name[sizeof words] = 0;
    for (size_t end = strlen(name); end && name[end - 1] == ' ';) name[--end] = 0;
}
#else
static void read_processor(char name[64]) { (void)name; }
#endif

cepa_status cepa_machine_describe(cepa_machine *machine, cepa_error *error)
{
    cepa_status status = kernels_choose(error);
    if (status) return status;
    memset(machine, 0, sizeof *machine);
    strcpy(machine->processor, "unknown");
    read_processor(machine->processor);
    machine->instruction_set = kernels->name;
    machine->convolutions = conv_direct_wanted() ? "direct" : "auto";
    machine->features = features[0] ? features + 1 : features; /* without the first space */
    machine->threads = threads_default();
    return CEPA_OK;
}
