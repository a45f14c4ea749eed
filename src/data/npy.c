/* NumPy's .npy format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include "data/npy.h"

#include "base/error.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER   '<'
#define OTHER_ORDER '>'
#else
#define OWN_ORDER   '>'
#define OTHER_ORDER '<'
#endif

/* A kind of number in files: how many bytes (already in this machine's order) become one number in memory. */
struct npy_kind {
    const char *name; /* behind the sign of the byte order */
    size_t size;
    cepa_type type;
    bool same; /* the bytes are the number */
    bool (*convert)(const unsigned char *bytes, void *number);
};

#define CONVERSION(name, from, to)                                                                                     \
    static bool convert_##name(const unsigned char *bytes, void *number)                                               \
    {                                                                                                                  \
        from read;                                                                                                     \
        memcpy(&read, bytes, sizeof read);                                                                             \
        *(to *)number = (to)read;                                                                                      \
        return true;                                                                                                   \
    }
CONVERSION(u1, uint8_t, uint8_t)
CONVERSION(i1, int8_t, int32_t)
CONVERSION(u2, uint16_t, int32_t)
CONVERSION(i2, int16_t, int32_t)
CONVERSION(i4, int32_t, int32_t)
CONVERSION(u4, uint32_t, int64_t)
CONVERSION(i8, int64_t, int64_t)
CONVERSION(f4, float, float)
CONVERSION(f8, double, double)

static bool convert_b1(const unsigned char *bytes, void *number)
{
    *(uint8_t *)number = *bytes != 0;
    return true;
}

static bool convert_u8(const unsigned char *bytes, void *number)
{
    uint64_t read;
    memcpy(&read, bytes, sizeof read);
    *(int64_t *)number = (int64_t)read;
    return read <= INT64_MAX;
}

/* IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
static bool convert_f2(const unsigned char *bytes, void *number)
{
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double size = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                  : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                 : ldexp(fraction, -24);
    *(float *)number = (float)(half >> 15 ? -size : size);
    return true;
}

static const npy_kind kinds[] = {
    {"u1", 1, CEPA_UINT8, true, convert_u1},   {"b1", 1, CEPA_UINT8, false, convert_b1},
    {"i1", 1, CEPA_INT32, false, convert_i1},  {"u2", 2, CEPA_INT32, false, convert_u2},
    {"i2", 2, CEPA_INT32, false, convert_i2},  {"i4", 4, CEPA_INT32, true, convert_i4},
    {"u4", 4, CEPA_INT64, false, convert_u4},  {"i8", 8, CEPA_INT64, true, convert_i8},
    {"u8", 8, CEPA_INT64, false, convert_u8},  {"f2", 2, CEPA_FLOAT32, false, convert_f2},
    {"f4", 4, CEPA_FLOAT32, true, convert_f4}, {"f8", 8, CEPA_FLOAT64, true, convert_f8},
};

/* ---- The header: a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } ---- */

typedef struct reading {
    const char *at, *end;
    npy_header *header;
    unsigned seen; /* a bit for each key */
} reading;

static void skip_blanks(reading *r)
{
    while (r->at < r->end && isspace((unsigned char)*r->at)) r->at++;
}

static bool accept(reading *r, const char *text)
{
    size_t length = strlen(text);
    skip_blanks(r);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, text, length) != 0) return false;
    r->at += length;
    return true;
}

static bool read_quoted(reading *r, char *text, size_t size)
{
    if (!accept(r, "'")) return false;
    const char *close = memchr(r->at, '\'', (size_t)(r->end - r->at));
    if (!close || (size_t)(close - r->at) >= size) return false;
    memcpy(text, r->at, (size_t)(close - r->at));
    text[close - r->at] = 0;
    r->at = close + 1;
    return true;
}

static bool read_descr(reading *r)
{
    char text[16];
    if (!read_quoted(r, text, sizeof text) || !strchr("<>|=", text[0])) return false;
    r->header->swapped = text[0] == OTHER_ORDER;
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (text[0] && strcmp(text + 1, kinds[i].name) == 0) r->header->kind = &kinds[i];
    if (r->header->kind) r->header->type = r->header->kind->type;
    return r->header->kind;
}

static bool read_order(reading *r)
{
    r->header->fortran = accept(r, "True");
    return r->header->fortran || accept(r, "False");
}

static bool read_shape(reading *r)
{
    if (!accept(r, "(")) return false;
    while (!accept(r, ")")) {
        size_t size = 0;
        if (r->header->rank == NPY_MAX_RANK || r->at == r->end || !isdigit((unsigned char)*r->at)) return false;
        for (; r->at < r->end && isdigit((unsigned char)*r->at); r->at++)
            if (!multiply_size(size, 10, &size) || !add_size(size, (size_t)(*r->at - '0'), &size)) return false;
        r->header->shape[r->header->rank++] = size;
        if (!accept(r, ",") && !(r->at < r->end && *r->at == ')')) return false;
    }
    return true;
}

static bool read_dictionary(reading *r)
{
    static const struct {
        const char *name;
        bool (*read)(reading *);
    } keys[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};
    if (!accept(r, "{")) return false;
    while (!accept(r, "}")) {
        char name[16];
        size_t key = 0;
        if (!read_quoted(r, name, sizeof name) || !accept(r, ":")) return false;
        while (key < ARRAY_COUNT(keys) && strcmp(keys[key].name, name) != 0) key++;
        if (key == ARRAY_COUNT(keys) || (r->seen & 1u << key) || !keys[key].read(r)) return false;
        r->seen |= 1u << key;
        accept(r, ",");
    }
    return r->seen == 7;
}

/* ---- Reading ---- */

/* Where the dictionary stands; false where the file is too short or of another version. */
static bool find_dictionary(const unsigned char *bytes, size_t size, size_t *start, size_t *length)
{
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3) return false;
    *start = bytes[6] == 1 ? 10 : 12;
    *length = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1) *length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    return *length <= size - *start;
}

static cepa_status check_size(const char *where, npy_header *header, size_t present, cepa_error *error)
{
    size_t bytes;
    header->count = 1;
    bool fits = true;
    for (size_t i = 0; i < header->rank; i++) {
        if (header->shape[i] == 0) return fail(error, CEPA_DATA, "%s: axis %zu of its array is empty", where, i);
        fits = fits && multiply_size(header->count, header->shape[i], &header->count);
    }
    if (!fits || !multiply_size(header->count, header->kind->size, &bytes) || bytes > present)
        return fail(error, CEPA_FORMAT,
                    "%s: the file is cut off: its shape needs more than the %zu bytes of numbers it has", where,
                    present);
    if (bytes < present) return fail(error, CEPA_FORMAT, "%s: %zu bytes follow the array", where, present - bytes);
    return CEPA_OK;
}

cepa_status npy_read(const char *where, const unsigned char *bytes, size_t size, npy_header *header, cepa_error *error)
{
    size_t start, length;
    *header = (npy_header){0};
    if (!find_dictionary(bytes, size, &start, &length))
        return fail(error, CEPA_FORMAT, "%s: not a whole .npy file of version 1, 2 or 3", where);
    const char *text = (const char *)bytes + start;
    reading r = {.at = text, .end = text + length, .header = header};
    if (!read_dictionary(&r))
        return fail(error, CEPA_FORMAT,
                    "%s: unreadable .npy header at '%.*s': expected numbers (u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8 b1), at "
                    "most %d axes",
                    where, (int)(r.end - r.at > 40 ? 40 : r.end - r.at), r.at, NPY_MAX_RANK);
    header->numbers = bytes + start + length;
    return check_size(where, header, size - start - length, error);
}

/* The place in the file of the number that follows the one at counters in row-major order, which move on. */
static size_t next_place(const npy_header *header, size_t counters[NPY_MAX_RANK])
{
    size_t place = 0, stride = 1;
    for (size_t axis = header->rank; axis-- > 0;) {
        if (++counters[axis] < header->shape[axis]) break;
        counters[axis] = 0;
    }
    for (size_t axis = 0; axis < header->rank; axis++) {
        place += counters[axis] * stride;
        stride *= header->shape[axis];
    }
    return place;
}

cepa_status npy_convert(const char *where, const npy_header *header, void *numbers, cepa_error *error)
{
    const npy_kind *kind = header->kind;
    if (kind->same && !header->swapped && !header->fortran) {
        memcpy(numbers, header->numbers, header->count * kind->size);
        return CEPA_OK;
    }
    unsigned char *to = numbers, number[8];
    size_t counters[NPY_MAX_RANK] = {0}, place = 0, step = number_type_of(header->type)->size;
    for (size_t i = 0; i < header->count; i++, to += step) {
        const unsigned char *from = header->numbers + place * kind->size;
        for (size_t b = 0; b < kind->size; b++) number[b] = from[header->swapped ? kind->size - 1 - b : b];
        if (!kind->convert(number, to))
            return fail(error, CEPA_DATA, "%s: number %zu is too large for a signed 64-bit integer", where, i);
        place = header->fortran ? next_place(header, counters) : place + 1;
    }
    return CEPA_OK;
}

/* ---- Writing ---- */

void npy_write(const cepa_array *array, size_t rows, buffer *file)
{
    enum { ALIGNMENT = 64, PREFIX = 10 };
    const number_type *type = number_type_of(array->type);
    buffer text = {0};
    size_t bytes = rows * type->size;
    buffer_format(&text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%zu,", type->size == 1 ? '|' : OWN_ORDER,
                  type->numpy, rows);
    for (size_t i = 0; i < array->rank; i++) {
        buffer_format(&text, i + 1 < array->rank ? " %d," : " %d", array->shape[i]);
        bytes *= (size_t)array->shape[i];
    }
    buffer_text(&text, "), }");
    while (!text.failed && (PREFIX + text.size + 1) % ALIGNMENT) buffer_text(&text, " ");
    buffer_text(&text, "\n");
    unsigned char prefix[PREFIX] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)text.size, (unsigned char)(text.size >> 8)};
    if (text.failed) file->failed = true;
    buffer_bytes(file, prefix, sizeof prefix);
    buffer_bytes(file, text.bytes, text.size);
    buffer_bytes(file, array->data, bytes);
    buffer_free(&text);
}
