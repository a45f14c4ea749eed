#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

bool make_folders(const char *path)
{
    char *above = strdup(path), *end;
    if (!above) return false;
    bool made = true;
    for (end = above; made && (end = strchr(end + 1, '/'));) {
        *end = 0;
        made = mkdir(above, 0777) == 0 || errno == EEXIST;
        *end = '/';
    }
    free(above);
    return made && (mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path)));
}

bool is_empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return false;
    size_t entries = 0;
    while (readdir(folder)) entries++;
    closedir(folder);
    return entries <= 2; /* . and .. */
}

const char *extension(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    return dot && (!slash || dot > slash) ? dot : "";
}

char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s%s%s", folder, *folder && folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return path;
}

cepa_status(fails)(cepa_error *error, cepa_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

cepa_status(fails_memory)(cepa_error *error) { return (fails)(error, CEPA_MEMORY, "memory is exhausted"); }

cepa_status read_file(const char *path, char **text, size_t *size, cepa_error *error)
{
    *text = NULL;
    size_t unasked;
    char piece[4096];
    FILE *file = fopen(path, "r"), *copy = open_memstream(text, size ? size : &unasked);
    if (file && copy)
        for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;) fwrite(piece, 1, got, copy);
    bool read = file && copy && !ferror(file);
    int cause = errno;
    if (file) fclose(file);
    if (copy && fclose(copy) != 0) read = false;
    if (read) return CEPA_OK;
    free(*text);
    *text = NULL;
    return fails(error, cause == ENOENT ? CEPA_NOT_FOUND : CEPA_FILE, "cannot read %s: %s", path, strerror(cause));
}

cepa_status write_in(const char *folder, const char *name, const char *text, size_t size, cepa_error *error)
{
    char *path = join(folder, name);
    cepa_status status = path ? cepa_write_file(path, text, size, error) : fails_memory(error);
    free(path);
    return status;
}
