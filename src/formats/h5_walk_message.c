/* The structural check of an HDF5 file: the messages of an object header, a table of readers by number. */
#include "formats/h5_walk.h"

#include <string.h>

enum { MOST_AXES = 32 };

/* ---- Types and shapes ---- */

/* IEEE numbers as libhdf5 describes them: bit offset, precision, exponent at, bits, mantissa at, bits, bias. */
static const struct {
    uint64_t size, sign;
    uint8_t properties[12];
} float_types[] = {
    {2, 15, {0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0}},
    {4, 31, {0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}},
    {8, 63, {0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0}},
};

static bool is_float(uint64_t size, uint64_t bits, cursor *c)
{
    cursor properties = take_part(c, 12);
    for (size_t i = 0; i < ARRAY_COUNT(float_types); i++)
        if (float_types[i].size == size)
            return !properties.cut && memcmp(properties.at, float_types[i].properties, 12) == 0 &&
                   (bits >> 8 & 0xFF) == float_types[i].sign && (bits & 0x7E) == 0x20;
    return false;
}

static bool is_integer(uint64_t size, cursor *c)
{
    uint64_t offset = take(c, 2), precision = take(c, 2);
    return !c->cut && offset == 0 && (size == 1 || size == 2 || size == 4 || size == 8) && precision == 8 * size;
}

static bool read_type(walk *w, object *o, cursor *c)
{
    enum { INTEGER = 0, FLOAT = 1, TEXT = 3, OPAQUE = 5, VARIABLE = 9 };
    uint64_t head = take(c, 1), bits = take(c, 3), size = take(c, 4);
    unsigned class = head & 15;
    if (c->cut || head >> 4 < 1 || head >> 4 > 3 || size == 0) return damaged(w, o->address, "no valid type");
    o->type_size = size;
    o->type = TYPE_NUMBER;
    if (class == FLOAT && is_float(size, bits, c)) return true;
    if (class == INTEGER && is_integer(size, c)) return true;
    if (class == OPAQUE && size == 2) /* bfloat16, as Keras stores it */
        return !take_part(c, bits & 0xFF).cut || damaged(w, o->address, "no valid type");
    o->type = TYPE_TEXT;
    if (class == TEXT) return true;
    o->type = TYPE_VARIABLE_TEXT;
    uint64_t base = take(c, 1) & 15;
    take(c, 3);
    if (class == VARIABLE && (bits & 15) == 1 && size == 16 && (base == TEXT || base == INTEGER) && take(c, 4) == 1)
        return base == TEXT || is_integer(1, c) || damaged(w, o->address, "no valid type");
    return unsupported(w, "a type other than plain numbers and strings");
}

static bool read_shape(walk *w, object *o, cursor *c)
{
    uint64_t version = take(c, 1), rank = take(c, 1), flags = take(c, 1), kind = take(c, 1);
    size_t elements = 1;
    if (version == 1) take(c, 4);
    if (c->cut || version < 1 || version > 2 || rank > MOST_AXES || flags > 1)
        return damaged(w, o->address, "no valid shape");
    uint64_t size[MOST_AXES];
    for (size_t i = 0; i < rank; i++) {
        size[i] = take(c, 8);
        if (!multiply_size(elements, (size_t)size[i], &elements)) return damaged(w, o->address, "a shape too large");
    }
    for (size_t i = 0; i < rank && flags; i++)
        if (take(c, 8) < size[i]) return damaged(w, o->address, "no valid shape");
    if (c->cut || (version == 2 && (kind > 2 || (kind == 1) != (rank > 0))))
        return damaged(w, o->address, "no valid shape");
    o->rank = (unsigned)rank;
    o->elements = version == 2 && kind == 2 ? 0 : elements;
    return true;
}

static bool shape_message(walk *w, object *o, cursor c) { return read_shape(w, o, &c); }
static bool type_message(walk *w, object *o, cursor c) { return read_type(w, o, &c); }

/* ---- Attributes ---- */

static bool heap_texts(walk *w, uint64_t count, cursor data)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t length = take(&data, 4), address = take(&data, 8);
        uint32_t index = (uint32_t)take(&data, 4);
        if (address == 0 && length == 0) continue;
        if (!walk_heap_text(w, length, address, index)) return false;
    }
    return true;
}

static cursor padded_part(cursor *c, uint64_t size, bool padded)
{
    cursor whole = take_part(c, padded ? (size + 7) / 8 * 8 : size);
    if (!whole.cut) whole.left = (size_t)size;
    return whole;
}

static bool attribute_message(walk *w, object *o, cursor c)
{
    uint64_t version = take(&c, 1), flags = take(&c, 1);
    uint64_t name_size = take(&c, 2), type_size = take(&c, 2), shape_size = take(&c, 2);
    if (version == 3) take(&c, 1);
    if (version > 1 && flags) return unsupported(w, "shared header messages");
    cursor name = padded_part(&c, name_size, version == 1), type = padded_part(&c, type_size, version == 1);
    cursor shape = padded_part(&c, shape_size, version == 1);
    if (c.cut || version < 1 || version > 3 || !memchr(name.at, 0, name.left))
        return damaged(w, o->address, "no valid attribute");
    object described = {.address = o->address};
    size_t bytes;
    if (!read_type(w, &described, &type) || !read_shape(w, &described, &shape)) return false;
    if (!multiply_size((size_t)described.elements, (size_t)described.type_size, &bytes) || bytes > c.left)
        return damaged(w, o->address, "an attribute that is too large");
    return described.type != TYPE_VARIABLE_TEXT || heap_texts(w, described.elements, c);
}

/* ---- Storage ---- */

static bool chunked_layout(walk *w, object *o, cursor *c)
{
    o->chunk_rank = (unsigned)take(c, 1);
    o->data_address = take(c, 8);
    size_t bytes = 1;
    for (unsigned i = 0; i < o->chunk_rank && i <= MOST_AXES; i++)
        if (!multiply_size(bytes, (size_t)take(c, 4), &bytes) || bytes == 0 || bytes > UINT32_MAX)
            return damaged(w, o->address, "chunks of a wrong size");
    o->chunk_size = bytes;
    return !c->cut || damaged(w, o->address, "no valid layout");
}

static bool layout_message(walk *w, object *o, cursor c)
{
    uint64_t version = take(&c, 1);
    o->layout = (unsigned)take(&c, 1);
    if (version < 3 || version > 4) return unsupported(w, "a layout of an unknown version");
    if (o->layout > 2 || (o->layout == 2 && version == 4))
        return unsupported(w, "virtual storage or a new chunk index");
    if (o->layout == 2) return chunked_layout(w, o, &c);
    if (o->layout == 1) o->data_address = take(&c, 8);
    o->data_size = take(&c, o->layout == 1 ? 8 : 2);
    if (o->layout == 0) take_part(&c, o->data_size);
    return !c.cut || damaged(w, o->address, "no valid layout");
}

/* Shuffle and gzip, in this order: gzip's result is what can be checked. */
static bool filters_message(walk *w, object *o, cursor c)
{
    enum { GZIP = 1, SHUFFLE = 2 };
    uint64_t version = take(&c, 1), count = take(&c, 1);
    if (version == 1) take(&c, 6);
    if (version < 1 || version > 2 || count > 2) return unsupported(w, "filters other than shuffle and gzip");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id = take(&c, 2), name_length = version == 1 ? take(&c, 2) : 0;
        take(&c, 2);
        uint64_t values = take(&c, 2);
        if (id != GZIP && (id != SHUFFLE || i > 0)) return unsupported(w, "filters other than shuffle and gzip");
        if (id == GZIP && o->deflated) return unsupported(w, "filters other than shuffle and gzip");
        o->deflated = id == GZIP;
        padded_part(&c, name_length, true);
        take_part(&c, 4 * (version == 1 ? values + values % 2 : values));
        if (c.cut || values != 1) return damaged(w, o->address, "no valid filter");
    }
    return true;
}

static bool fill_value(walk *w, object *o, cursor *c)
{
    uint64_t size = take(c, 4);
    if (size == UINT32_MAX) size = 0;
    take_part(c, size);
    if (size && o->fill_size && size != o->fill_size) return damaged(w, o->address, "two fill values");
    if (size) o->fill_size = size;
    return !c->cut || damaged(w, o->address, "no valid fill value");
}

static bool old_fill_message(walk *w, object *o, cursor c) { return fill_value(w, o, &c); }

static bool fill_message(walk *w, object *o, cursor c)
{
    uint64_t version = take(&c, 1);
    if (version < 1 || version > 3) return unsupported(w, "a fill value of an unknown version");
    if (version == 3) return take(&c, 1) & 0x20 ? fill_value(w, o, &c) : true;
    take(&c, 2);
    bool defined = take(&c, 1) != 0;
    return version == 2 && !defined ? true : fill_value(w, o, &c);
}

/* ---- Groups ---- */

static bool symbol_table_message(walk *w, object *o, cursor c)
{
    o->table_tree = take(&c, 8);
    o->table_heap = take(&c, 8);
    return !c.cut || damaged(w, o->address, "no valid symbol table");
}

static bool link_message(walk *w, object *o, cursor c)
{
    uint64_t version = take(&c, 1), flags = take(&c, 1);
    uint64_t kind = flags & 8 ? take(&c, 1) : 0;
    take(&c, (flags & 4 ? 8 : 0));
    take(&c, (flags & 16 ? 1 : 0));
    uint64_t length = take(&c, (size_t)1 << (flags & 3));
    cursor name = take_part(&c, length);
    found_object found = {.address = take(&c, 8)};
    if (kind) return unsupported(w, "soft or external links");
    if (c.cut || version != 1 || length == 0 || memchr(name.at, 0, name.left))
        return damaged(w, o->address, "no valid link");
    return walk_found(w, &found);
}

/* Where many links or attributes are kept elsewhere. */
static bool dense_storage(walk *w, object *o, cursor c, size_t index_size)
{
    uint64_t version = take(&c, 1), flags = take(&c, 1);
    take(&c, flags & 1 ? index_size : 0);
    uint64_t heap = take(&c, 8), tree = take(&c, 8);
    if (c.cut || version != 0) return damaged(w, o->address, "no valid group");
    return (heap == NO_ADDRESS && tree == NO_ADDRESS) || unsupported(w, "dense storage of links or attributes");
}

static bool link_info_message(walk *w, object *o, cursor c) { return dense_storage(w, o, c, 8); }
static bool attribute_info_message(walk *w, object *o, cursor c) { return dense_storage(w, o, c, 2); }

static bool group_info_message(walk *w, object *o, cursor c)
{
    take(&c, 1);
    uint64_t flags = take(&c, 1);
    take(&c, flags & 1 ? 4 : 0);
    take(&c, flags & 2 ? 4 : 0);
    return !c.cut || damaged(w, o->address, "no valid group");
}

/* ---- The others ---- */

static bool nothing_message(walk *w, object *o, cursor c)
{
    (void)w, (void)o, (void)c;
    return true;
}

static bool time_message(walk *w, object *o, cursor c)
{
    take(&c, 8);
    return !c.cut || damaged(w, o->address, "no valid time");
}

static bool comment_message(walk *w, object *o, cursor c)
{
    return (c.left && memchr(c.at, 0, c.left)) || damaged(w, o->address, "no valid comment");
}

static bool reference_count_message(walk *w, object *o, cursor c)
{
    take(&c, 5);
    return !c.cut || damaged(w, o->address, "no valid reference count");
}

typedef bool message_reader(walk *w, object *o, cursor c);

static message_reader *const readers[] = {
    [0] = nothing_message,
    [1] = shape_message,
    [2] = link_info_message,
    [3] = type_message,
    [4] = old_fill_message,
    [5] = fill_message,
    [6] = link_message,
    [8] = layout_message,
    [10] = group_info_message,
    [11] = filters_message,
    [12] = attribute_message,
    [13] = comment_message,
    [17] = symbol_table_message,
    [18] = time_message,
    [21] = attribute_info_message,
    [22] = reference_count_message,
};

bool walk_message(walk *w, object *o, unsigned type, cursor c, uint64_t *address, uint64_t *size)
{
    enum { CONTINUATION = 16, EXTERNAL_FILES = 7 };
    if (type == CONTINUATION) {
        *address = take(&c, 8);
        *size = take(&c, 8);
        return (!c.cut && *size >= 8) || damaged(w, o->address, "no valid continuation");
    }
    if (type == EXTERNAL_FILES) return unsupported(w, "data in external files");
    if (type >= ARRAY_COUNT(readers) || !readers[type]) return unsupported(w, "a header message of an unknown kind");
    return readers[type](w, o, c);
}
