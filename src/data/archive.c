/* Archives through libarchive. */
#include "data/archive.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

bool archive_recognise(const unsigned char *start, size_t size)
{
    static const struct {
        size_t offset, length;
        const char *bytes;
    } marks[] = {
        {0, 4, "PK\3\4"},
        {0, 4, "PK\5\6"},
        {0, 2, "\x1f\x8b"},
        {0, 4, "\x28\xb5\x2f\xfd"},
        {0, 6,
         "\xfd"
         "7zXZ"},
        {0, 3, "BZh"},
        {257, 5, "ustar"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(marks); i++)
        if (size >= marks[i].offset + marks[i].length &&
            memcmp(start + marks[i].offset, marks[i].bytes, marks[i].length) == 0)
            return true;
    return false;
}

#if defined(CEPA_HAVE_ARCHIVES)

#include <archive.h>
#include <archive_entry.h>

typedef struct unpacking {
    struct archive *archive;
    const char *where;
    size_t room; /* bytes that contents may still have */
} unpacking;

static cepa_status fail_archive(const unpacking *u, cepa_error *error)
{
    const char *cause = archive_error_string(u->archive);
    return fail(error, CEPA_FORMAT, "%s: the archive is damaged: %s", u->where, cause ? cause : "it cannot be read");
}

static cepa_status unpacking_begin(unpacking *u, const char *where, cepa_error *error)
{
    *u = (unpacking){.archive = archive_read_new(),
                     .where = where,
                     .room = machine_memory()}; /* a small file can unpack to any size */
    if (!u->archive) return fail_memory(error);
    static int (*const support[])(struct archive *) = {
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
        archive_read_support_filter_zstd, archive_read_support_format_tar,   archive_read_support_format_zip,
        archive_read_support_format_raw,
    };
    for (size_t i = 0; i < ARRAY_COUNT(support); i++) support[i](u->archive);
    return CEPA_OK;
}

static cepa_status read_contents(unpacking *u, buffer *contents, cepa_error *error)
{
    enum { PIECE = 1 << 16 };
    for (;;) {
        if (!buffer_reserve(contents, PIECE)) return fail_memory(error);
        la_ssize_t got =
            archive_read_data(u->archive, contents->bytes + contents->size, contents->capacity - contents->size - 1);
        if (got < 0) return fail_archive(u, error);
        contents->size += (size_t)got;
        contents->bytes[contents->size] = 0;
        if (got == 0) return CEPA_OK;
        if ((size_t)got > u->room)
            return fail(error, CEPA_FORMAT, "%s: its contents are larger than this machine's memory", u->where);
        u->room -= (size_t)got;
    }
}

/* Whether a name stays below the folder it is unpacked into. */
static bool is_safe_name(const char *name)
{
    if (!name || !*name || *name == '/') return false;
    for (const char *part = name; *part;) {
        size_t length = strcspn(part, "/");
        if (length == 2 && part[0] == '.' && part[1] == '.') return false;
        part += length;
        part += strspn(part, "/");
    }
    return true;
}

/* A member's name: without "./" in front, of a lone file that of the file itself. */
static cepa_status name_member(const unpacking *u, struct archive_entry *entry, char *name, size_t size,
                               cepa_error *error)
{
    const char *found = archive_entry_pathname(entry);
    if (!found) found = archive_entry_pathname_utf8(entry);
    bool lone = archive_format(u->archive) == ARCHIVE_FORMAT_RAW;
    if (lone) found = path_name(u->where);
    while (found && strncmp(found, "./", 2) == 0) found += 2 + strspn(found + 2, "/");
    bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    if (folder && found && !*found) found = ".";
    if (!is_safe_name(found))
        return fail(error, CEPA_FORMAT, "%s: the name '%s' leads out of the archive", u->where, found ? found : "");
    int length = snprintf(name, size, "%s", found);
    if (length < 0 || (size_t)length + 2 > size)
        return fail(error, CEPA_FORMAT, "%s: a name in it is too long", u->where);
    if (lone && strrchr(name, '.')) *strrchr(name, '.') = 0;
    if (folder && name[strlen(name) - 1] != '/') strcat(name, "/");
    return CEPA_OK;
}

static cepa_status visit_entry(unpacking *u, struct archive_entry *entry, archive_visit *visit, void *context,
                               cepa_error *error)
{
    enum { LONGEST_NAME = 4096 };
    char name[LONGEST_NAME];
    cepa_status status = name_member(u, entry, name, sizeof name, error);
    if (status) return status;
    bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    bool file = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
    if (!folder && !file) return fail(error, CEPA_FORMAT, "%s: '%s' is neither a file nor a folder", u->where, name);
    buffer contents = {0};
    if (file) status = read_contents(u, &contents, error);
    if (!status) status = visit(context, name, &contents, error);
    buffer_free(&contents);
    return status;
}

static cepa_status visit_all(unpacking *u, archive_visit *visit, void *context, cepa_error *error)
{
    for (;;) {
        struct archive_entry *entry;
        int result = archive_read_next_header(u->archive, &entry);
        if (result == ARCHIVE_EOF) return CEPA_OK;
        if (result < ARCHIVE_WARN) return fail_archive(u, error);
        cepa_status status = visit_entry(u, entry, visit, context, error);
        if (status) return status;
    }
}

/* opened: what opening it gave. Ends the unpacking. */
static cepa_status unpack(unpacking *u, int opened, archive_visit *visit, void *context, cepa_error *error)
{
    cepa_status status = opened == ARCHIVE_OK ? visit_all(u, visit, context, error) : fail_archive(u, error);
    archive_read_free(u->archive);
    return status;
}

cepa_status archive_each(const char *path, archive_visit *visit, void *context, cepa_error *error)
{
    enum { BLOCK = 1 << 16 };
    unpacking u;
    cepa_status status = unpacking_begin(&u, path, error);
    return status ? status : unpack(&u, archive_read_open_filename(u.archive, path, BLOCK), visit, context, error);
}

static cepa_status append(void *context, const char *name, buffer *contents, cepa_error *error)
{
    buffer *out = context;
    if (out->size) return fail(error, CEPA_FORMAT, "%s: one file was expected inside, another one follows", name);
    buffer_bytes(out, contents->bytes, contents->size);
    return out->failed ? fail_memory(error) : CEPA_OK;
}

cepa_status archive_expand(const char *where, const unsigned char *bytes, size_t size, buffer *out, cepa_error *error)
{
    unpacking u;
    cepa_status status = unpacking_begin(&u, where, error);
    return status ? status : unpack(&u, archive_read_open_memory(u.archive, bytes, size), append, out, error);
}

#else

static cepa_status fail_without(const char *path, cepa_error *error)
{
    return fail(error, CEPA_UNSUPPORTED,
                "%s: packed files need libarchive, which this build leaves out (-Darchives=disabled)", path);
}

cepa_status archive_each(const char *path, archive_visit *visit, void *context, cepa_error *error)
{
    (void)visit, (void)context;
    return fail_without(path, error);
}

cepa_status archive_expand(const char *where, const unsigned char *bytes, size_t size, buffer *out, cepa_error *error)
{
    (void)bytes, (void)size, (void)out;
    return fail_without(where, error);
}

#endif
