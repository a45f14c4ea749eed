/* The files of a folder or an archive. */
#include "data/source.h"

#include "base/file.h"
#include "data/archive.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cepa_status add_member(source *s, const char *name, const member *found, cepa_error *error)
{
    if (!grow(&s->members, &s->capacity, s->count + 1, sizeof *s->members)) return fail_memory(error);
    member *m = &s->members[s->count++];
    *m = *found;
    m->name = arena_text(&s->memory, name);
    m->where = s->is_folder    ? arena_format(&s->memory, "%s/%s", s->path, name)
               : s->is_archive ? arena_format(&s->memory, "%s (%s)", s->path, name)
                               : s->path;
    return m->name && m->where ? CEPA_OK : fail_memory(error);
}

/* The folders between the source and the one being listed: a link back to one of them is not followed. */
typedef struct level {
    const struct level *above;
    dev_t device;
    ino_t number;
} level;

static bool is_above(const level *levels, const struct stat *status)
{
    for (; levels; levels = levels->above)
        if (levels->device == status->st_dev && levels->number == status->st_ino) return true;
    return false;
}

static cepa_status list_folder(source *s, const char *inside, const level *above, cepa_error *error);

static cepa_status list_subfolder(source *s, const char *name, const level *levels, cepa_error *error)
{
    char *folder = path_join(name, "");
    cepa_status status = folder ? add_member(s, folder, &(member){0}, error) : fail_memory(error);
    free(folder);
    return status ? status : list_folder(s, name, levels, error);
}

static cepa_status list_entry(source *s, const char *inside, const char *entry, const level *levels, cepa_error *error)
{
    if (entry[0] == '.') return CEPA_OK;
    char *name = *inside ? path_join(inside, entry) : strdup(entry), *path = name ? path_join(s->path, name) : NULL;
    struct stat found = {0};
    cepa_status status = CEPA_OK;
    if (!path)
        status = fail_memory(error);
    else if (stat(path, &found) != 0)
        status = CEPA_OK; /* a link to nowhere */
    else if (S_ISREG(found.st_mode))
        status = add_member(s, name, &(member){.size = (size_t)found.st_size}, error);
    else if (S_ISDIR(found.st_mode) && !is_above(levels, &found))
        status = list_subfolder(s, name, &(level){levels, found.st_dev, found.st_ino}, error);
    free(path);
    free(name);
    return status;
}

static cepa_status list_folder(source *s, const char *inside, const level *above, cepa_error *error)
{
    char *path = path_join(s->path, inside);
    DIR *folder = path ? opendir(path) : NULL;
    cepa_status status = CEPA_OK;
    if (!path)
        status = fail_memory(error);
    else if (!folder)
        status = fail(error, CEPA_FILE, "cannot read the folder %s", path);
    for (struct dirent *entry; !status && (entry = readdir(folder));)
        status = list_entry(s, inside, entry->d_name, above, error);
    if (folder) closedir(folder);
    free(path);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static cepa_status keep_member(void *context, const char *name, buffer *contents, cepa_error *error)
{
    source *s = context;
    const char *base = name;
    for (const char *c = name; *c; c++)
        if (*c == '/' && c[1]) base = c + 1;
    if (*base == '.' || strncmp(name, "__MACOSX/", 9) == 0) return CEPA_OK;
    member m = {.bytes = contents->bytes, .size = contents->size};
    cepa_status status = add_member(s, name, &m, error);
    if (!status) *contents = (buffer){0};
    return status;
}

static bool is_packed(const char *path)
{
    unsigned char start[512];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, start, sizeof start);
    if (file >= 0) close(file);
    return got > 0 && archive_recognise(start, (size_t)got);
}

static cepa_status list_file(source *s, cepa_error *error)
{
    struct stat status;
    if (stat(s->path, &status) != 0 || !S_ISREG(status.st_mode))
        return fail(error, CEPA_NOT_FOUND, "%s: no such file or folder", s->path);
    s->is_archive = is_packed(s->path);
    if (s->is_archive) return archive_each(s->path, keep_member, s, error);
    return add_member(s, path_name(s->path), &(member){.size = (size_t)status.st_size}, error);
}

cepa_status source_open(const char *path, source *opened, cepa_error *error)
{
    source s = {0};
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    s.path = arena_text_n(&s.memory, path, length);
    cepa_status status = CEPA_OK;
    struct stat folder;
    if (!s.path)
        status = fail_memory(error);
    else if (stat(s.path, &folder) == 0 && S_ISDIR(folder.st_mode)) {
        s.is_folder = true;
        status = list_folder(&s, "", &(level){NULL, folder.st_dev, folder.st_ino}, error);
        if (!status && s.count) qsort(s.members, s.count, sizeof *s.members, compare_names);
    } else
        status = list_file(&s, error);
    if (status) source_close(&s);
    *opened = s;
    return status;
}

void source_close(source *source)
{
    for (size_t i = 0; i < source->count; i++) free((void *)(uintptr_t)source->members[i].bytes);
    free(source->members);
    arena_free(&source->memory);
    *source = (struct source){0};
}

cepa_status source_read(const member *file, buffer *hold, const unsigned char **bytes, size_t *size, cepa_error *error)
{
    const unsigned char *found = file->bytes;
    size_t length = file->size;
    if (!found) {
        cepa_status status = file_read(file->where, 0, hold, error);
        if (status) return status;
        found = hold->bytes;
        length = hold->size;
    }
    if (archive_recognise(found, length)) {
        buffer expanded = {0};
        cepa_status status = archive_expand(file->where, found, length, &expanded, error);
        buffer_free(hold);
        *hold = expanded;
        if (status) return status;
        found = hold->bytes;
        length = hold->size;
    }
    *bytes = found;
    *size = length;
    return CEPA_OK;
}

const member *source_find(const source *source, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < source->count; i++) {
        const char *full = source->members[i].name, *base = path_name(full);
        if (source->is_folder && base != full) continue;
        if (strncmp(base, name, length) == 0 && (!base[length] || strcmp(base + length, ".gz") == 0))
            return &source->members[i];
    }
    return NULL;
}
