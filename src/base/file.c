/* Whole files: read at once, written beside their place and renamed into it. */
#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static cepa_status fail_path(cepa_error *error, const char *what, const char *path, int cause)
{
    return fail(error, cause == ENOENT ? CEPA_NOT_FOUND : CEPA_FILE, "cannot %s %s: %s", what, path, strerror(cause));
}

/* One read into the buffer's room; the number of bytes, 0 at the end, -1 with errno. */
static ssize_t read_some(int file, buffer *contents)
{
    size_t room = contents->capacity - contents->size - 1;
    ssize_t got;
    do got = read(file, contents->bytes + contents->size, room);
    while (got < 0 && errno == EINTR);
    if (got > 0) contents->size += (size_t)got;
    return got;
}

static cepa_status read_all(int file, const char *path, size_t limit, buffer *contents, cepa_error *error)
{
    enum { PIECE = 1 << 16 };
    size_t start = contents->size;
    struct stat status;
    size_t expected = fstat(file, &status) == 0 && S_ISREG(status.st_mode) ? (size_t)status.st_size : 0;
    if (limit && expected > limit) expected = limit;
    ssize_t got;
    do {
        size_t so_far = contents->size - start;
        if (!buffer_reserve(contents, expected > so_far ? expected - so_far + 1 : PIECE)) return fail_memory(error);
        got = read_some(file, contents);
        if (got < 0) return fail_path(error, "read", path, errno);
        if (limit && contents->size - start > limit)
            return fail(error, CEPA_FORMAT, "%s: the file is larger than the %zu bytes it may have", path, limit);
    } while (got > 0);
    contents->bytes[contents->size] = 0;
    return CEPA_OK;
}

cepa_status file_read(const char *path, size_t limit, buffer *contents, cepa_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail_path(error, "open", path, errno);
    cepa_status status = read_all(file, path, limit, contents, error);
    close(file);
    return status;
}

static bool write_all(int file, const unsigned char *bytes, size_t size)
{
    while (size) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

cepa_status file_append(const char *path, const void *bytes, size_t size, cepa_error *error)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    int cause = file >= 0 && write_all(file, bytes, size) ? 0 : errno;
    if (file >= 0 && close(file) != 0 && !cause) cause = errno;
    return cause ? fail_path(error, "write", path, cause) : CEPA_OK;
}

cepa_status file_write(const char *path, const void *bytes, size_t size, cepa_error *error)
{
    char *staged;
    cepa_status status = file_stage(path, &staged, error);
    if (status) return status;
    int file = open(staged, O_WRONLY | O_CLOEXEC);
    int cause = file >= 0 && write_all(file, bytes, size) ? 0 : errno;
    if (file >= 0 && close(file) != 0 && !cause) cause = errno;
    if (!cause) return file_commit(staged, path, error);
    file_discard(staged);
    return fail_path(error, "write", path, cause);
}

cepa_status cepa_write_file(const char *path, const void *bytes, size_t size, cepa_error *error)
{
    return file_write(path, bytes, size, error);
}

cepa_status file_stage(const char *path, char **staged, cepa_error *error)
{
    enum { MOST_TRIES = 1000 };
    *staged = NULL;
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return fail(error, CEPA_FILE, "cannot write %s: it exists and is not an ordinary file", path);
    size_t size = strlen(path) + 40;
    char *name = malloc(size);
    if (!name) return fail_memory(error);
    int file = -1;
    for (int i = 0; file < 0 && i < MOST_TRIES; i++) {
        snprintf(name, size, "%s.%ld-%d.part", path, (long)getpid(), i);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST) break;
    }
    if (file < 0) {
        int cause = errno;
        free(name);
        return fail_path(error, "write", path, cause);
    }
    close(file);
    *staged = name;
    return CEPA_OK;
}

/* Flushes a file's or folder's contents to the disk; false with errno. */
static bool flush(const char *path, int flags)
{
    int file = open(path, flags | O_CLOEXEC);
    if (file < 0) return false;
    /* Some file systems cannot flush a folder. */
    bool done = fsync(file) == 0 || errno == EINVAL;
    int cause = errno;
    close(file);
    errno = cause;
    return done;
}

static bool flush_folder_of(const char *path)
{
    size_t length = (size_t)(path_name(path) - path);
    char *folder = length ? strndup(path, length) : strdup(".");
    bool done = folder && flush(folder, O_RDONLY | O_DIRECTORY);
    free(folder);
    return done;
}

cepa_status file_commit(char *staged, const char *path, cepa_error *error)
{
    if (!flush(staged, O_RDWR) || rename(staged, path) != 0) {
        int cause = errno;
        file_discard(staged);
        return fail_path(error, "write", path, cause);
    }
    free(staged);
    return flush_folder_of(path) ? CEPA_OK : fail_path(error, "write", path, errno);
}

void file_discard(char *staged)
{
    if (staged) unlink(staged);
    free(staged);
}

bool file_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

cepa_status folder_make(const char *path, cepa_error *error)
{
    char *part = strdup(path);
    if (!part) return fail_memory(error);
    cepa_status status = CEPA_OK;
    for (char *end = part; !status && *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char kept = *end;
        *end = 0;
        if (mkdir(part, 0777) != 0 && !file_is_folder(part)) status = fail_path(error, "make the folder", path, errno);
        *end = kept;
    }
    free(part);
    return status;
}

cepa_status folder_make_for(const char *path, cepa_error *error)
{
    char *folder = strndup(path, (size_t)(path_name(path) - path));
    cepa_status status = folder ? folder_make(folder, error) : fail_memory(error);
    free(folder);
    return status;
}

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder), size;
    if (!add_size(length, strlen(name), &size) || !add_size(size, 2, &size)) return NULL;
    char *path = malloc(size);
    bool slash = length && folder[length - 1] != '/';
    if (path) snprintf(path, size, "%s%s%s", folder, slash ? "/" : "", name);
    return path;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool path_has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(path_name(path), '.');
    return dot && strcasecmp(dot, extension) == 0;
}

bool path_ends(const char *path, const char *end)
{
    size_t length = strlen(path), least = strlen(end);
    return length >= least && strcmp(path + length - least, end) == 0;
}
