/* Arrays into .npy and .npz files. An .npz is a zip archive without compression, dated 1980, so that equal arrays give
 * equal bytes; the format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
#include "base/file.h"
#include "data/dataset.h"
#include "data/npy.h"

#include <stdlib.h>
#include <string.h>

static void put(buffer *file, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) buffer_bytes(file, &(unsigned char){(unsigned char)(number >> 8 * i)}, 1);
}

/* CRC-32 as zip has it (reflected 0x04C11DB7). */
static uint32_t checksum(const unsigned char *bytes, size_t size)
{
    uint32_t table[256], crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t entry = i;
        for (int bit = 0; bit < 8; bit++) entry = entry & 1 ? entry >> 1 ^ 0xEDB88320u : entry >> 1;
        table[i] = entry;
    }
    for (size_t i = 0; i < size; i++) crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

typedef struct zip_member {
    uint32_t offset, size, crc;
    char name[256];
} zip_member;

/* What a member's local header and its entry in the directory have in common, from the version needed on. */
static void put_header(buffer *file, const zip_member *m)
{
    enum { VERSION = 20, STORED = 0, UTF8 = 0x800, TIME = 0, FIRST_OF_JANUARY_1980 = 0x21 };
    put(file, VERSION, 2);
    put(file, UTF8, 2);
    put(file, STORED, 2);
    put(file, TIME, 2);
    put(file, FIRST_OF_JANUARY_1980, 2);
    put(file, m->crc, 4);
    put(file, m->size, 4);
    put(file, m->size, 4);
    put(file, (uint32_t)strlen(m->name), 2);
    put(file, 0, 2); /* bytes of extra fields */
}

static cepa_status put_member(buffer *file, const cepa_array *array, size_t rows, zip_member *m, cepa_error *error)
{
    buffer contents = {0};
    npy_write(array, rows, &contents);
    m->offset = (uint32_t)file->size;
    m->size = (uint32_t)contents.size;
    m->crc = checksum(contents.bytes, contents.size);
    /* 32-bit sizes and places, with room for this header */
    bool too_large = contents.size > UINT32_MAX - 1024 || file->size > UINT32_MAX - 1024 - contents.size;
    put(file, 0x04034B50, 4);
    put_header(file, m);
    buffer_text(file, m->name);
    if (!too_large) buffer_bytes(file, contents.bytes, contents.size);
    bool failed = contents.failed || file->failed;
    buffer_free(&contents);
    if (failed) return fail_memory(error);
    return too_large ? fail(error, CEPA_UNSUPPORTED, "%s: an .npz of more than 4 GB cannot be written; use .npy files",
                            m->name)
                     : CEPA_OK;
}

static void put_directory(buffer *file, const zip_member *members, size_t count)
{
    uint32_t start = (uint32_t)file->size;
    for (size_t i = 0; i < count; i++) {
        put(file, 0x02014B50, 4);
        put(file, 20, 2); /* version made by */
        put_header(file, &members[i]);
        put(file, 0, 4); /* bytes of comment; disk */
        put(file, 0, 2); /* internal attributes */
        put(file, 0, 4); /* external attributes */
        put(file, members[i].offset, 4);
        buffer_text(file, members[i].name);
    }
    uint32_t size = (uint32_t)file->size - start;
    put(file, 0x06054B50, 4);
    put(file, 0, 4); /* disks */
    put(file, (uint32_t)count, 2);
    put(file, (uint32_t)count, 2);
    put(file, size, 4);
    put(file, start, 4);
    put(file, 0, 2); /* comment */
}

static cepa_status name_members(const cepa_array *arrays, size_t count, zip_member *members, cepa_error *error)
{
    if (count > UINT16_MAX) return fail(error, CEPA_ARGUMENT, "an .npz holds at most %d arrays", UINT16_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = arrays[i].name;
        if (!name || !*name) return fail(error, CEPA_ARGUMENT, "array %zu of an .npz has no name", i);
        int length = snprintf(members[i].name, sizeof members[i].name, "%s.npy", name);
        if (length < 0 || (size_t)length >= sizeof members[i].name)
            return fail(error, CEPA_ARGUMENT, "%.40s...: the array's name is too long for an .npz", name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(arrays[j].name, name) == 0)
                return fail(error, CEPA_ARGUMENT, "two arrays of an .npz are called %s", name);
    }
    return CEPA_OK;
}

static cepa_status put_archive(buffer *file, const cepa_array *arrays, const size_t *rows, size_t count,
                               cepa_error *error)
{
    zip_member *members = calloc(count + 1, sizeof *members);
    if (!members) return fail_memory(error);
    cepa_status status = name_members(arrays, count, members, error);
    for (size_t i = 0; !status && i < count; i++) status = put_member(file, &arrays[i], rows[i], &members[i], error);
    if (!status) put_directory(file, members, count);
    free(members);
    return status;
}

static cepa_status put_arrays(const char *path, buffer *file, const cepa_array *arrays, const size_t *rows,
                              size_t count, cepa_error *error)
{
    if (path_has_extension(path, ".npz")) return put_archive(file, arrays, rows, count, error);
    if (!path_has_extension(path, ".npy"))
        return fail(error, CEPA_ARGUMENT, "%s: arrays are written to .npy or .npz files", path);
    if (count != 1)
        return fail(error, CEPA_ARGUMENT, "%s: a .npy file holds one array, not %zu; write an .npz", path, count);
    npy_write(arrays, rows[0], file);
    return CEPA_OK;
}

cepa_status cepa_write_arrays(const char *path, const cepa_array *arrays, const size_t *rows, size_t count,
                              cepa_error *error)
{
    buffer file = {0};
    for (size_t i = 0; i < count; i++)
        if (!number_type_of(arrays[i].type) || arrays[i].rank > CEPA_MAX_RANK)
            return fail(error, CEPA_ARGUMENT, "%s: array %zu has no valid type or rank", path, i);
    cepa_status status = put_arrays(path, &file, arrays, rows, count, error);
    if (!status && file.failed) status = fail_memory(error);
    if (!status) status = file_write(path, file.bytes, file.size, error);
    buffer_free(&file);
    return status;
}
