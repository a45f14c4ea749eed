/* The restricted pickle machine: a stack of values, a mark, a memo. Operations: Python's Lib/pickletools.py. */
#include "data/pickle.h"

#include <string.h>

typedef struct machine {
    const char *where;
    const unsigned char *start, *at, *end;
    arena *memory;
    pickled *stack; /* its items */
    pickled *memo;  /* its items; NULL: not set */
    cepa_error *error;
    cepa_status status;
    bool stopped;
} machine;

/* How an operation's argument is written. */
typedef enum argument { NOTHING, BYTE, SHORT, WORD, LONG, BYTE_TEXT, WORD_TEXT, LONG_TEXT, TWO_LINES } argument;

typedef struct operand {
    uint64_t number;
    const unsigned char *bytes;
    size_t size;
} operand;

/* ---- Values ---- */

static bool refuse(machine *m, const char *what)
{
    m->status =
        fail(m->error, CEPA_FORMAT, "%s: byte %zu of the pickle: %s", m->where, (size_t)(m->at - m->start), what);
    return false;
}

static pickled *new_value(machine *m, pickled_kind kind)
{
    pickled *made = arena_allocate(m->memory, sizeof *made);
    if (!made)
        m->status = fail_memory(m->error);
    else
        made->kind = kind;
    return made;
}

static bool append(machine *m, pickled *list, pickled *value)
{
    if (!value) return false;
    if (list->count == list->capacity) {
        size_t wanted = list->capacity ? list->capacity * 2 : 8;
        pickled **items = arena_array(m->memory, wanted, sizeof(pickled *));
        if (!items) {
            m->status = fail_memory(m->error);
            return false;
        }
        if (list->count) memcpy(items, list->items, list->count * sizeof(pickled *));
        list->items = items;
        list->capacity = wanted;
    }
    list->items[list->count++] = value;
    return true;
}

static bool push(machine *m, pickled *value) { return append(m, m->stack, value); }

/* Takes the top value; a mark is none. */
static pickled *pop(machine *m)
{
    pickled *top = m->stack->count ? m->stack->items[m->stack->count - 1] : NULL;
    if (!top || top->kind == PICKLED_MARK) {
        refuse(m, "a value is missing");
        return NULL;
    }
    m->stack->count--;
    return top;
}

/* Where the values above the last mark begin; SIZE_MAX without one. */
static size_t find_mark(machine *m)
{
    for (size_t i = m->stack->count; i-- > 0;)
        if (m->stack->items[i]->kind == PICKLED_MARK) return i + 1;
    refuse(m, "a mark is missing");
    return SIZE_MAX;
}

static bool is_text(const pickled *value, const char *text)
{
    return value->size == strlen(text) && memcmp(value->bytes, text, value->size) == 0;
}

/* ---- Operations ---- */

static bool check_protocol(machine *m, const operand *o)
{
    return o->number >= 2 && o->number <= 4 ? true : refuse(m, "protocol 2, 3 or 4 was expected");
}

static bool stop(machine *m, const operand *o)
{
    (void)o;
    return m->stopped = true;
}

static bool push_kind(machine *m, pickled_kind kind) { return push(m, new_value(m, kind)); }
static bool push_mark(machine *m, const operand *o) { return (void)o, push_kind(m, PICKLED_MARK); }
static bool push_none(machine *m, const operand *o) { return (void)o, push_kind(m, PICKLED_NONE); }
static bool push_list(machine *m, const operand *o) { return (void)o, push_kind(m, PICKLED_LIST); }
static bool push_dictionary(machine *m, const operand *o) { return (void)o, push_kind(m, PICKLED_DICTIONARY); }
static bool push_empty_tuple(machine *m, const operand *o) { return (void)o, push_kind(m, PICKLED_TUPLE); }

static bool push_integer(machine *m, int64_t number)
{
    if (!push_kind(m, PICKLED_INTEGER)) return false;
    m->stack->items[m->stack->count - 1]->number = number;
    return true;
}

static bool push_unsigned(machine *m, const operand *o) { return push_integer(m, (int64_t)o->number); }
static bool push_signed(machine *m, const operand *o) { return push_integer(m, (int32_t)(uint32_t)o->number); }
static bool push_true(machine *m, const operand *o) { return (void)o, push_integer(m, 1); }
static bool push_false(machine *m, const operand *o) { return (void)o, push_integer(m, 0); }

static bool push_bytes(machine *m, pickled_kind kind, const operand *o)
{
    pickled *made = new_value(m, kind);
    if (!push(m, made)) return false;
    made->bytes = o->bytes;
    made->size = o->size;
    return true;
}

static bool push_text(machine *m, const operand *o) { return push_bytes(m, PICKLED_TEXT, o); }

/* "module\nname\n" */
static bool push_name(machine *m, const operand *o) { return push_bytes(m, PICKLED_NAME, o); }

/* The same of two texts on the stack. */
static bool push_stacked_name(machine *m, const operand *o)
{
    enum { LONGEST = 100 };
    (void)o;
    pickled *name = pop(m), *module = name ? pop(m) : NULL;
    if (!module) return false;
    if (module->kind != PICKLED_TEXT || name->kind != PICKLED_TEXT || module->size > LONGEST || name->size > LONGEST)
        return refuse(m, "a name was expected");
    char *text = arena_format(m->memory, "%.*s\n%.*s\n", (int)module->size, (const char *)module->bytes,
                              (int)name->size, (const char *)name->bytes);
    if (!text) m->status = fail_memory(m->error);
    return text && push_bytes(m, PICKLED_NAME, &(operand){.bytes = (unsigned char *)text, .size = strlen(text)});
}

static bool make_tuple(machine *m, size_t first)
{
    pickled *tuple = new_value(m, PICKLED_TUPLE);
    if (!tuple) return false;
    for (size_t i = first; i < m->stack->count; i++)
        if (!append(m, tuple, m->stack->items[i])) return false;
    m->stack->count = first;
    return push(m, tuple);
}

static bool push_tuple(machine *m, const operand *o)
{
    (void)o;
    size_t first = find_mark(m);
    if (first == SIZE_MAX || !make_tuple(m, first)) return false;
    m->stack->items[first - 1] = m->stack->items[first];
    m->stack->count--;
    return true;
}

static bool tuple_of(machine *m, size_t count)
{
    return m->stack->count < count ? refuse(m, "a value is missing") : make_tuple(m, m->stack->count - count);
}
static bool push_tuple1(machine *m, const operand *o) { return (void)o, tuple_of(m, 1); }
static bool push_tuple2(machine *m, const operand *o) { return (void)o, tuple_of(m, 2); }
static bool push_tuple3(machine *m, const operand *o) { return (void)o, tuple_of(m, 3); }

/* Moves the values from first on into the list or dictionary below them (and below a mark, where there is one). */
static bool fill(machine *m, size_t first, bool marked, pickled_kind kind)
{
    size_t below = first - (marked ? 1 : 0);
    if (first == SIZE_MAX) return false;
    if (below == 0 || m->stack->items[below - 1]->kind != kind) return refuse(m, "a list or dictionary was expected");
    size_t count = m->stack->count - first;
    if (kind == PICKLED_DICTIONARY && count % 2) return refuse(m, "a value is missing");
    for (size_t i = first; i < m->stack->count; i++)
        if (!append(m, m->stack->items[below - 1], m->stack->items[i])) return false;
    m->stack->count = below;
    return true;
}

static bool append_many(machine *m, const operand *o) { return (void)o, fill(m, find_mark(m), true, PICKLED_LIST); }
static bool set_many(machine *m, const operand *o) { return (void)o, fill(m, find_mark(m), true, PICKLED_DICTIONARY); }

static bool fill_top(machine *m, size_t count, pickled_kind kind)
{
    return m->stack->count < count ? refuse(m, "a value is missing") : fill(m, m->stack->count - count, false, kind);
}
static bool append_one(machine *m, const operand *o) { return (void)o, fill_top(m, 1, PICKLED_LIST); }
static bool set_one(machine *m, const operand *o) { return (void)o, fill_top(m, 2, PICKLED_DICTIONARY); }

static bool put_at(machine *m, uint64_t index)
{
    pickled *top = m->stack->count ? m->stack->items[m->stack->count - 1] : NULL;
    if (!top || index > (uint64_t)(m->end - m->start)) return refuse(m, "nothing to remember");
    while (m->memo->count <= index)
        if (!append(m, m->memo, m->stack)) return false; /* the stack itself stands for nothing */
    m->memo->items[index] = top;
    return true;
}

static bool put(machine *m, const operand *o) { return put_at(m, o->number); }
static bool memoize(machine *m, const operand *o) { return (void)o, put_at(m, m->memo->count); }

static bool get(machine *m, const operand *o)
{
    if (o->number >= m->memo->count || m->memo->items[o->number] == m->stack)
        return refuse(m, "nothing was remembered there");
    return push(m, m->memo->items[o->number]);
}

/* The two calls that are known: numpy's dtype(name, ...) and _reconstruct(ndarray, (0,), 'b'). */
static bool call(machine *m, const operand *o)
{
    (void)o;
    pickled *arguments = pop(m), *name = arguments ? pop(m) : NULL;
    if (!name) return false;
    if (name->kind != PICKLED_NAME || arguments->kind != PICKLED_TUPLE) return refuse(m, "a function was expected");
    if (is_text(name, "numpy.core.multiarray\n_reconstruct\n") ||
        is_text(name, "numpy._core.multiarray\n_reconstruct\n"))
        return push_kind(m, PICKLED_BYTE_ARRAY);
    if (!is_text(name, "numpy\ndtype\n") || arguments->count < 1 || arguments->items[0]->kind != PICKLED_TEXT)
        return refuse(m, "it calls a function that is not allowed");
    const pickled *type = arguments->items[0];
    return push_bytes(m, PICKLED_TYPE, &(operand){.bytes = type->bytes, .size = type->size});
}

/* The state of an array: (version, shape, type, whether the first axis runs fastest, bytes). */
static bool build_array(machine *m, pickled *array, const pickled *state)
{
    static const pickled_kind kinds[] = {PICKLED_INTEGER, PICKLED_TUPLE, PICKLED_TYPE, PICKLED_INTEGER, PICKLED_TEXT};
    bool fits = state->count == ARRAY_COUNT(kinds);
    for (size_t i = 0; fits && i < ARRAY_COUNT(kinds); i++) fits = state->items[i]->kind == kinds[i];
    if (!fits || !is_text(state->items[2], "u1") || state->items[3]->number)
        return refuse(m, "an array of bytes in row-major order was expected");
    const pickled *shape = state->items[1], *bytes = state->items[4];
    size_t size = 1;
    for (size_t i = 0; fits && i < shape->count; i++)
        fits = shape->items[i]->kind == PICKLED_INTEGER && shape->items[i]->number >= 0 &&
               multiply_size(size, (size_t)shape->items[i]->number, &size);
    if (!fits || size != bytes->size) return refuse(m, "an array's shape does not fit its bytes");
    array->bytes = bytes->bytes;
    array->size = bytes->size;
    return true;
}

static bool build(machine *m, const operand *o)
{
    (void)o;
    pickled *state = pop(m), *object = m->stack->count ? m->stack->items[m->stack->count - 1] : NULL;
    if (!state) return false;
    if (!object || state->kind != PICKLED_TUPLE) return refuse(m, "an object's state was expected");
    if (object->kind == PICKLED_TYPE) return true;
    return object->kind == PICKLED_BYTE_ARRAY ? build_array(m, object, state)
                                              : refuse(m, "it builds an object that is not allowed");
}

static const struct {
    unsigned char code;
    argument argument;
    bool (*run)(machine *m, const operand *o); /* NULL: nothing to do */
} operations[] = {
    {0x80, BYTE, check_protocol},
    {0x95, LONG, NULL},
    {'.', NOTHING, stop},
    {'(', NOTHING, push_mark},
    {'N', NOTHING, push_none},
    {0x88, NOTHING, push_true},
    {0x89, NOTHING, push_false},
    {'K', BYTE, push_unsigned},
    {'M', SHORT, push_unsigned},
    {'J', WORD, push_signed},
    {'U', BYTE_TEXT, push_text},
    {'T', WORD_TEXT, push_text},
    {'X', WORD_TEXT, push_text},
    {0x8c, BYTE_TEXT, push_text},
    {'C', BYTE_TEXT, push_text},
    {'B', WORD_TEXT, push_text},
    {0x8e, LONG_TEXT, push_text},
    {']', NOTHING, push_list},
    {'}', NOTHING, push_dictionary},
    {')', NOTHING, push_empty_tuple},
    {'t', NOTHING, push_tuple},
    {0x85, NOTHING, push_tuple1},
    {0x86, NOTHING, push_tuple2},
    {0x87, NOTHING, push_tuple3},
    {'a', NOTHING, append_one},
    {'e', NOTHING, append_many},
    {'s', NOTHING, set_one},
    {'u', NOTHING, set_many},
    {'q', BYTE, put},
    {'r', WORD, put},
    {0x94, NOTHING, memoize},
    {'h', BYTE, get},
    {'j', WORD, get},
    {'c', TWO_LINES, push_name},
    {0x93, NOTHING, push_stacked_name},
    {'R', NOTHING, call},
    {'b', NOTHING, build},
};

/* ---- Reading ---- */

static bool read_number(machine *m, size_t bytes, uint64_t *number)
{
    if ((size_t)(m->end - m->at) < bytes) return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++) *number |= (uint64_t)*m->at++ << 8 * i;
    return true;
}

static bool read_bytes(machine *m, uint64_t size, operand *o)
{
    if ((uint64_t)(m->end - m->at) < size) return false;
    o->bytes = m->at;
    o->size = (size_t)size;
    m->at += size;
    return true;
}

static bool read_lines(machine *m, operand *o)
{
    const unsigned char *first = memchr(m->at, '\n', (size_t)(m->end - m->at));
    const unsigned char *second = first ? memchr(first + 1, '\n', (size_t)(m->end - first - 1)) : NULL;
    return second && read_bytes(m, (uint64_t)(second + 1 - m->at), o);
}

static bool read_operand(machine *m, argument argument, operand *o)
{
    static const size_t widths[] = {
        [BYTE] = 1, [SHORT] = 2, [WORD] = 4, [LONG] = 8, [BYTE_TEXT] = 1, [WORD_TEXT] = 4, [LONG_TEXT] = 8};
    *o = (operand){0};
    if (argument == NOTHING) return true;
    if (argument == TWO_LINES) return read_lines(m, o);
    bool is_text = argument >= BYTE_TEXT;
    return read_number(m, widths[argument], &o->number) && (!is_text || read_bytes(m, o->number, o));
}

static bool step(machine *m)
{
    if (m->at == m->end) return refuse(m, "it is cut off");
    unsigned char code = *m->at++;
    operand o;
    for (size_t i = 0; i < ARRAY_COUNT(operations); i++)
        if (operations[i].code == code) {
            if (!read_operand(m, operations[i].argument, &o)) return refuse(m, "it is cut off");
            return !operations[i].run || operations[i].run(m, &o);
        }
    return refuse(m, "an operation that is not allowed");
}

cepa_status pickle_read(const char *where, const unsigned char *bytes, size_t size, arena *memory,
                        const pickled **dictionary, cepa_error *error)
{
    pickled stack = {0}, memo = {0};
    machine m = {.where = where,
                 .start = bytes,
                 .at = bytes,
                 .end = bytes + size,
                 .memory = memory,
                 .stack = &stack,
                 .memo = &memo,
                 .error = error};
    *dictionary = NULL;
    if (size == 0 || bytes[0] != 0x80) return refuse(&m, "it does not begin as one"), m.status;
    while (!m.stopped)
        if (!step(&m)) return m.status;
    if (stack.count != 1 || stack.items[0]->kind != PICKLED_DICTIONARY)
        return refuse(&m, "a dictionary was expected"), m.status;
    *dictionary = stack.items[0];
    return CEPA_OK;
}

const pickled *pickle_get(const pickled *dictionary, const char *key, pickled_kind kind)
{
    for (size_t i = 0; i + 1 < dictionary->count; i += 2) {
        const pickled *name = dictionary->items[i], *value = dictionary->items[i + 1];
        if (name->kind == PICKLED_TEXT && is_text(name, key)) return value->kind == kind ? value : NULL;
    }
    return NULL;
}
