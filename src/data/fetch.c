/* Downloading a data set into the cache. Everything happens beside its final place, under a lock, and is renamed at the
 * end. NAME.lock is held by the process that works on it; FILE.part is what has come of a file so far, and stays after
 * a failure to be taken up again; NAME.unpacking is the folder that becomes the data set. */
#include "data/fetch.h"

#include "base/file.h"
#include "base/sha256.h"
#include "data/archive.h"
#include "data/download.h"
#include "data/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

typedef struct fetching {
    const origin *origin;
    const char *url; /* the caller's; NULL */
    cepa_dataset_options options;
    time_t started;
    char *cache, *lock, *staging, *final;
    int lock_file;
    arena memory;
} fetching;

static cepa_status fail_system(cepa_error *error, const char *what, const char *path)
{
    return fail(error, CEPA_FILE, "cannot %s %s: %s", what, path, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static void remove_folder(const char *path)
{
    enum { OPEN_FOLDERS = 16 };
    nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* Seconds left of the caller's limit: 0 where there is none; false where they are over. */
static bool seconds_left(const fetching *f, int *seconds)
{
    *seconds = f->options.total_seconds;
    if (!*seconds) return true;
    *seconds -= (int)(time(NULL) - f->started);
    return *seconds > 0;
}

/* Waits for another process that fetches the same data set. */
static cepa_status take_lock(fetching *f, cepa_error *error)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    f->lock_file = open(f->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (f->lock_file < 0) return fail_system(error, "write", f->lock);
    while (flock(f->lock_file, LOCK_EX | LOCK_NB) != 0) {
        int left;
        if (errno != EWOULDBLOCK && errno != EINTR) return fail_system(error, "lock", f->lock);
        if (!seconds_left(f, &left))
            return fail(error, CEPA_NETWORK, "%s: another process is still downloading it", f->origin->name);
        if (f->options.progress && !f->options.progress(f->options.context, 0, 0))
            return fail(error, CEPA_INTERRUPTED, "%s: stopped by the caller", f->origin->name);
        nanosleep(&pause, NULL);
    }
    return CEPA_OK;
}

/* ---- One file ---- */

static size_t count_downloads(const origin *o)
{
    size_t count = 0;
    while (count < MOST_DOWNLOADS && o->downloads[count].file) count++;
    return count;
}

/* Where a person may put the file, so that the search finds it. */
static const char *place_by_hand(fetching *f, size_t i)
{
    const char *file = f->origin->downloads[i].file;
    const char *path = count_downloads(f->origin) > 1 ? arena_format(&f->memory, "%s/%s", f->final, file)
                                                      : arena_format(&f->memory, "%s/%s", f->cache, file);
    return path ? path : file;
}

static const char *url_of(fetching *f, size_t i)
{
    const char *file = f->origin->downloads[i].file;
    if (!f->url) return arena_format(&f->memory, "%s%s", f->origin->base_url, file);
    if (count_downloads(f->origin) == 1) return f->url;
    bool slash = *f->url && f->url[strlen(f->url) - 1] == '/';
    return arena_format(&f->memory, "%s%s%s", f->url, slash ? "" : "/", file);
}

static cepa_status hash_file(const char *path, char digest[65], cepa_error *error)
{
    enum { PIECE = 1 << 16 };
    sha256 hash;
    cepa_status status = sha256_begin(&hash, error);
    if (status) return status;
    FILE *file = fopen(path, "rbe");
    unsigned char *piece = malloc(PIECE);
    size_t got;
    while (file && piece && (got = fread(piece, 1, PIECE, file)) > 0) sha256_add(&hash, piece, got);
    bool whole = file && piece && !ferror(file);
    sha256_end(&hash, digest);
    free(piece);
    if (file) fclose(file);
    return whole ? CEPA_OK : fail_system(error, "read", path);
}

/* Loads until the file is whole and has its checksum; once more where a part of another file was there before. */
static cepa_status load_file(fetching *f, const char *url, const char *part, const char *sha256, cepa_error *error)
{
    char digest[65] = "";
    bool had_part = file_exists(part);
    if (had_part && !hash_file(part, digest, NULL) && strcmp(digest, sha256) == 0) return CEPA_OK;
    for (;; had_part = false) {
        cepa_dataset_options options = f->options;
        if (!seconds_left(f, &options.total_seconds)) return fail(error, CEPA_NETWORK, "the time limit has passed");
        cepa_status status = download_file(url, part, &options, error);
        if (!status) status = hash_file(part, digest, error);
        if (status || strcmp(digest, sha256) == 0) return status;
        unlink(part);
        if (!had_part)
            return fail(error, CEPA_NETWORK, "its SHA-256 is %s, expected %s: it is damaged or another file", digest,
                        sha256);
    }
}

static cepa_status write_member(void *context, const char *name, buffer *contents, cepa_error *error)
{
    const fetching *f = context;
    char *path = path_join(f->staging, name);
    if (!path) return fail_memory(error);
    cepa_status status = folder_make_for(path, error);
    if (!status && *path_name(path)) status = file_write(path, contents->bytes, contents->size, error);
    free(path);
    return status;
}

/* The loaded file's way into the staging folder. */
static cepa_status stage_file(fetching *f, const char *part, const char *file, cepa_error *error)
{
    if (f->origin->unpack) return archive_each(part, write_member, f, error);
    const char *path = arena_format(&f->memory, "%s/%s", f->staging, file);
    if (!path) return fail_memory(error);
    return rename(part, path) == 0 ? CEPA_OK : fail_system(error, "write", path);
}

static cepa_status fetch_file(fetching *f, size_t i, cepa_error *error)
{
    const char *file = f->origin->downloads[i].file, *url = url_of(f, i);
    const char *part = arena_format(&f->memory, "%s/%s.part", f->cache, file);
    if (!part || !url) return fail_memory(error);
    cepa_error cause = {0};
    cepa_status status = load_file(f, url, part, f->origin->downloads[i].sha256, &cause);
    if (status == CEPA_INTERRUPTED) return fail(error, status, "%s: %s", url, cause.message);
    if (status)
        return fail(error, status, "cannot download %s: %s; get the file elsewhere and put it at %s", url,
                    cause.message, place_by_hand(f, i));
    status = stage_file(f, part, file, error);
    if (!status) unlink(part);
    return status;
}

/* ---- All of them ---- */

/* The staging folder, or what in it has the final name, becomes the data set. */
static cepa_status put_in_place(fetching *f, cepa_error *error)
{
    const char *inside = arena_format(&f->memory, "%s/%s", f->staging, f->origin->folder);
    if (!inside) return fail_memory(error);
    const char *made = file_exists(inside) ? inside : f->staging;
    return rename(made, f->final) == 0 ? CEPA_OK : fail_system(error, "write", f->final);
}

static cepa_status fetch_locked(fetching *f, cepa_error *error)
{
    if (file_exists(f->final)) return CEPA_OK;
    remove_folder(f->staging); /* of a process that was killed */
    cepa_status status = folder_make(f->staging, error);
    for (size_t i = 0; !status && i < count_downloads(f->origin); i++) status = fetch_file(f, i, error);
    if (!status) status = put_in_place(f, error);
    remove_folder(f->staging);
    return status;
}

static cepa_status prepare(fetching *f, cepa_error *error)
{
    cepa_status status = locate_cache(&f->cache, error);
    if (!status) status = folder_make(f->cache, error);
    if (status) return status;
    f->lock = arena_format(&f->memory, "%s/%s.lock", f->cache, f->origin->name);
    f->staging = arena_format(&f->memory, "%s/%s.unpacking", f->cache, f->origin->name);
    f->final = path_join(f->cache, f->origin->folder);
    return f->lock && f->staging && f->final ? take_lock(f, error) : fail_memory(error);
}

cepa_status fetch(const origin *origin, const char *url, const cepa_dataset_options *options, char **path,
                  cepa_error *error)
{
    *path = NULL;
    if (!origin->base_url)
        return fail(error, CEPA_ARGUMENT, "%s: it is %s", origin->name,
                    origin->folder ? "not to be downloaded" : "generated, not downloaded");
    fetching f = {.origin = origin, .url = url, .options = *options, .started = time(NULL), .lock_file = -1};
    cepa_status status = prepare(&f, error);
    if (!status) status = fetch_locked(&f, error);
    if (f.lock_file >= 0) close(f.lock_file);
    if (status)
        free(f.final);
    else
        *path = f.final;
    free(f.cache);
    arena_free(&f.memory);
    return status;
}
