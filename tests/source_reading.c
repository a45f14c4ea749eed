#include "source_reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

reading read_bytes(const char *text, size_t size, const char *name, const char *const *sets, bool keras2)
{
    reading r = {.graph = graph_new(0, keras2)};
    cepa_load_options options = {.set = sets};
    while (sets && sets[options.set_count]) options.set_count++;
    char *exact = malloc(size + 1);
    assert_non_null(exact);
    memcpy(exact, text, size);
    exact[size] = 0;
    r.status = keras_source_read("model.py", name, exact, size, &options, r.graph, &r.model, &r.error);
    free(exact);
    if (r.status) assert_null(r.model.network);
    return r;
}

reading read_text(const char *text) { return read_bytes(text, strlen(text), NULL, NULL, false); }

void end_reading(reading *r) { graph_free(r->graph); }

int choose_kernels(void **state)
{
    (void)state;
    return kernels_choose(NULL) ? -1 : 0;
}
