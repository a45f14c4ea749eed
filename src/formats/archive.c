/* Zip archives in memory, with libzip. */
#include "formats/archive.h"

#include <stdlib.h>
#include <zip.h>

struct archive_reader {
    zip_t *zip;
};

/* ---- Reading ---- */

cepa_status archive_open(const void *bytes, size_t size, archive_reader **opened, cepa_error *error)
{
    *opened = NULL;
    archive_reader *archive = calloc(1, sizeof *archive);
    if (!archive) return fail_memory(error);
    zip_error_t found;
    zip_error_init(&found);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &found);
    if (source) archive->zip = zip_open_from_source(source, ZIP_RDONLY, &found);
    if (source && !archive->zip) zip_source_free(source);
    if (archive->zip)
        *opened = archive;
    else {
        free(archive);
        fail(error, CEPA_FORMAT, "the archive is damaged: %s", zip_error_strerror(&found));
    }
    zip_error_fini(&found);
    return *opened ? CEPA_OK : CEPA_FORMAT;
}

bool archive_has(archive_reader *archive, const char *member) { return zip_name_locate(archive->zip, member, 0) >= 0; }

static cepa_status check_size(const zip_stat_t *info, const char *member, size_t limit, cepa_error *error)
{
    enum { FREE_SIZE = 1 << 20, MOST_EXPANSION = 100 };
    zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
    if ((info->valid & needed) != needed)
        return fail(error, CEPA_FORMAT, "the archive is damaged: member '%s' has no size", member);
    if (info->encryption_method != ZIP_EM_NONE)
        return fail(error, CEPA_UNSUPPORTED, "member '%s' is encrypted", member);
    if (info->size > limit)
        return fail(error, CEPA_FORMAT, "member '%s' has %llu bytes, more than the limit of %zu", member,
                    (unsigned long long)info->size, limit);
    if (info->size > FREE_SIZE && info->size / MOST_EXPANSION > info->comp_size)
        return fail(error, CEPA_FORMAT, "member '%s' claims to expand more than %d-fold", member, MOST_EXPANSION);
    return CEPA_OK;
}

cepa_status archive_read(archive_reader *archive, const char *member, size_t limit, buffer *contents, cepa_error *error)
{
    zip_stat_t info;
    if (zip_stat(archive->zip, member, 0, &info) < 0)
        return fail(error, CEPA_FORMAT, "the archive has no member '%s'", member);
    cepa_status status = check_size(&info, member, limit, error);
    if (status) return status;
    unsigned char *bytes = malloc(info.size ? (size_t)info.size : 1);
    zip_file_t *file = bytes ? zip_fopen_index(archive->zip, info.index, 0) : NULL;
    unsigned char extra;
    /* Reading beyond the end makes libzip compare the checksum. */
    bool good = file && zip_fread(file, bytes, info.size) == (zip_int64_t)info.size && zip_fread(file, &extra, 1) == 0;
    if (file) zip_fclose(file);
    if (good)
        buffer_bytes(contents, bytes, (size_t)info.size);
    else if (!bytes)
        status = fail_memory(error);
    else
        status = fail(error, CEPA_FORMAT, "the archive is damaged: member '%s' cannot be read", member);
    free(bytes);
    return !status && contents->failed ? fail_memory(error) : status;
}

void archive_close(archive_reader *archive)
{
    if (!archive) return;
    zip_discard(archive->zip);
    free(archive);
}

/* ---- Writing ---- */

static bool add_member(zip_t *zip, const archive_member *m)
{
    enum { FIRST_OF_JANUARY_1980 = 1 << 5 | 1 };
    zip_source_t *source = zip_source_buffer(zip, m->bytes, m->size, 0);
    zip_int64_t index = source ? zip_file_add(zip, m->name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (source && index < 0) zip_source_free(source);
    return index >= 0 && zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)index, 0, FIRST_OF_JANUARY_1980, 0) == 0;
}

/* What libzip has written into a source in memory. */
static bool append_source(zip_source_t *source, buffer *out)
{
    zip_stat_t info;
    if (zip_source_stat(source, &info) < 0 || zip_source_open(source) < 0) return false;
    unsigned char part[1 << 14];
    zip_int64_t got;
    while ((got = zip_source_read(source, part, sizeof part)) > 0) buffer_bytes(out, part, (size_t)got);
    zip_source_close(source);
    return got == 0 && !out->failed;
}

cepa_status archive_write(const archive_member *members, size_t count, buffer *out, cepa_error *error)
{
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = target ? zip_open_from_source(target, ZIP_TRUNCATE, NULL) : NULL;
    bool good = zip != NULL;
    if (zip) zip_source_keep(target); /* closing the archive would free what it wrote */
    for (size_t i = 0; good && i < count; i++) good = add_member(zip, &members[i]);
    if (good) good = zip_close(zip) == 0;
    if (zip && !good) zip_discard(zip);
    good = good && append_source(target, out);
    if (target) zip_source_free(target);
    return good ? CEPA_OK : fail_memory(error);
}
