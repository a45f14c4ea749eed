/* Keras' model files: those that Keras wrote, our own, and damaged ones. */
#include "base/file.h"
#include "formats/archive.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "golden.h"
#include "model/model.h"
#include "train/train.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A file that was opened. */
typedef struct opened {
    buffer bytes;
    cepa_graph *graph;
    keras_file *file;
    keras_contents contents;
    cepa_error error;
    cepa_status status;
} opened;

static void open_bytes(opened *o)
{
    o->graph = cepa_graph_new();
    assert_non_null(o->graph);
    o->status = keras_open(o->bytes.bytes, o->bytes.size, o->graph, &o->file, &o->contents, &o->error);
    assert_int_equal(o->status != CEPA_OK, o->file == NULL);
}

static void open_golden(opened *o, const char *name)
{
    char *path = golden_path(name);
    *o = (opened){0};
    if (!path) fail_msg("%s is missing", name);
    assert_int_equal(file_read(path, 0, &o->bytes, NULL), CEPA_OK);
    free(path);
    open_bytes(o);
}

static void close_opened(opened *o)
{
    keras_close(o->file);
    cepa_graph_free(o->graph);
    buffer_free(&o->bytes);
}

static void test_golden(void **state)
{
    (void)state;
    size_t count;
    char **names = golden_names("models", ".keras", &count);
    for (size_t i = 0; i < count; i++) {
        char name[200];
        opened o;
        snprintf(name, sizeof name, "%s.keras", names[i]);
        open_golden(&o, name);
        bool known = !o.status || strstr(o.error.message, "are not built in") || strstr(o.error.message, "HDF5 file");
        if (!known) fail_msg("%s: %s", name, o.error.message);
        close_opened(&o);
    }
    golden_free_names(names, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
