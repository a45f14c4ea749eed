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
static const root data_root = {"CEPA_DATA", ""}, keras_root = {"HOME", ".keras/datasets"},
                  seaborn_root = {"HOME", "seaborn-data"};

/* The folder of a root, to be freed; NULL where its variable is not set or empty (or memory is exhausted). */
static char *root_folder(const root *root)
{
    const char *value = getenv(root->variable);
    return value && *value ? path_join(value, root->rest) : NULL;
}

/* Of the first of the two whose variable is set. */
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
static bool visit_root(const char *folder, size_t root, const known *known, visit_place *visit, void *context,
                       bool *memory)
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
    return go_on;
}

cepa_status locate_each(const known *known, visit_place *visit, void *context, cepa_error *error)
{
    char *const folders[] = {root_folder(&data_root), cache_folder(), root_folder(&keras_root),
                             root_folder(&seaborn_root), strdup("/usr/lib/R/site-library")};
    bool memory = true, go_on = true;
    for (size_t i = 0; i < ARRAY_COUNT(folders); i++) {
        if (go_on) go_on = visit_root(folders[i], i, known, visit, context, &memory);
        free(folders[i]);
    }
    return memory ? CEPA_OK : fail_memory(error);
}
