/* The search for data sets. */
#include "data/locate.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

/* A root to look under: an environment variable and what follows it. */
typedef struct root {
    const char *variable, *rest;
} root;

static const root cache_roots[] = {{"XDG_CACHE_HOME", "cepa"}, {"HOME", ".cache/cepa"}};

/* In this order; of the cache's two only the first whose variable is set. */
static const root data_root = {"CEPA_DATA", ""};
static const root program_roots[] = {{"HOME", ".keras/datasets"}, {"HOME", "seaborn-data"}};
static const char r_packages[] = "/usr/lib/R/site-library";

/* The folder of a root, to be freed; NULL where its variable is not set or empty (or memory is exhausted). */
static char *root_folder(const root *root)
{
    const char *value = getenv(root->variable);
    return value && *value ? path_join(value, root->rest) : NULL;
}

static char *cache_folder(void)
{
    char *folder = root_folder(&cache_roots[0]);
    return folder ? folder : root_folder(&cache_roots[1]);
}

cepa_status locate_cache(char **folder, cepa_error *error)
{
    *folder = cache_folder();
    return *folder ? CEPA_OK
                   : fail(error, CEPA_FILE, "there is no folder for downloads: neither XDG_CACHE_HOME nor HOME is set");
}

/* False where visit has had enough. */
static bool visit_root(char *folder, size_t root, const known *known, visit_place *visit, void *context, bool *memory)
{
    bool go_on = true;
    for (size_t i = 0; folder && go_on && i < MOST_PLACES && known->places[i]; i++) {
        char *path = path_join(folder, known->places[i]);
        if (!path)
            *memory = go_on = false;
        else if (file_exists(path))
            go_on = visit(context, root, path);
        free(path);
    }
    free(folder);
    return go_on;
}

cepa_status locate_each(const known *known, visit_place *visit, void *context, cepa_error *error)
{
    bool memory = true;
    bool go_on = visit_root(root_folder(&data_root), 0, known, visit, context, &memory) &&
                 visit_root(cache_folder(), 1, known, visit, context, &memory);
    for (size_t i = 0; i < ARRAY_COUNT(program_roots) && go_on; i++)
        go_on = visit_root(root_folder(&program_roots[i]), 2 + i, known, visit, context, &memory);
    if (go_on) visit_root(strdup(r_packages), 2 + ARRAY_COUNT(program_roots), known, visit, context, &memory);
    return memory ? CEPA_OK : fail_memory(error);
}
